//! The three exports: `alloc`, `call`, `free`. The only unsafe code of the project.
//!
//! The page writes a request into memory from [`alloc`], calls [`call`], reads the answer and
//! gives both back with [`free`]. Memory is passed as (pointer, length), with capacity = length.
//! The names are exported on wasm only: natively `free` would take the place of the C library's.
#![allow(unsafe_code)]

use std::alloc::Layout;

/// Memory for `len` bytes, or 0 when there is none. A length of 0 takes nothing and gives 0.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn alloc(len: u32) -> *mut u8 {
    match layout(len) {
        // SAFETY: the layout's size is not zero, checked by `layout`.
        Some(layout) => unsafe { std::alloc::alloc(layout) },
        None => std::ptr::null_mut(),
    }
}

/// Gives back memory from [`alloc`] or an answer of [`call`].
///
/// # Safety
/// `ptr` and `len` are a pair from `alloc` or `call`, not yet freed; null or 0 does nothing.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub unsafe extern "C" fn free(ptr: *mut u8, len: u32) {
    let Some(layout) = layout(len).filter(|_| !ptr.is_null()) else { return };
    // SAFETY: by the caller, `ptr` was allocated by this allocator with this very layout:
    // `alloc` uses it, and `call` returns a boxed slice of `len` bytes, whose layout it is.
    unsafe { std::alloc::dealloc(ptr, layout) }
}

/// Answers the request at (`ptr`, `len`); the request stays the caller's.
/// The answer is (pointer << 32 | length), to be read and then freed.
///
/// # Safety
/// `len` initialised bytes are at `ptr`, which nobody writes during the call.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub unsafe extern "C" fn call(ptr: *const u8, len: u32) -> u64 {
    let input: &[u8] = if ptr.is_null() || len == 0 {
        &[]
    } else {
        // SAFETY: by the caller; u8 has no alignment and wasm32 memory is below isize::MAX.
        unsafe { std::slice::from_raw_parts(ptr, len as usize) }
    };
    let answer = Box::leak(crate::answer(input).into_boxed_slice());
    (answer.as_mut_ptr() as u64) << 32 | answer.len() as u64
}

/// One byte-aligned layout of `len` bytes; `None` for 0 or a length no layout can have.
fn layout(len: u32) -> Option<Layout> {
    if len == 0 { None } else { Layout::array::<u8>(len as usize).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_out_and_comes_back() {
        assert!(alloc(0).is_null());
        let ptr = alloc(64);
        assert!(!ptr.is_null());
        // SAFETY: 64 bytes from `alloc` above, freed once; null and 0 do nothing.
        unsafe {
            ptr.write_bytes(7, 64);
            free(ptr, 64);
            free(std::ptr::null_mut(), 64);
            free(ptr, 0);
        }
    }
}
