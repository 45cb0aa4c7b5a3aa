//! Signing on and off, and everything that must not count as a session.

use crate::support::world::{device_token, person};
use crate::support::{Asked, PIN, TestApp};
use emar::clock::Clock;
use emar_domain::time::Instant;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn badge_and_pin_open_a_session_and_sign_off_ends_it() {
    let app = TestApp::new().await;
    let reply = app.try_sign_on("B-OSEI", PIN, "cart-1").await;
    let body = reply.expect(201);
    assert_eq!(body["role"], "nurse");
    assert_eq!(body["user"], person("Osei").id().to_string());
    assert_eq!(reply.header("cache-control"), Some("no-store"));

    let [cookie] = reply.all("set-cookie")[..] else { panic!("{reply:?}") };
    let mut parts = cookie.split("; ");
    let pair = parts.next().unwrap();
    assert!(pair.starts_with("__Host-emar="), "{cookie}");
    let attributes: Vec<&str> = parts.collect();
    for wanted in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(attributes.contains(&wanted), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");

    let session = body["session"].as_str().unwrap();
    assert_eq!(session.len(), 64, "256 bits");
    let residents = Asked::get("/api/v1/residents");
    app.send(residents.clone().by(session)).await.expect(200);
    app.send(residents.clone().header("Cookie", pair)).await.expect(200);

    let off = Asked::new("DELETE", "/api/v1/session").by(session);
    let reply = app.send(off).await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"), "{reply:?}");
    assert_eq!(app.send(residents.clone().by(session)).await.problem(401), "sign_on_first");
    assert_eq!(app.send(residents.header("Cookie", pair)).await.problem(401), "sign_on_first");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_failed_sign_on_looks_the_same() {
    let app = TestApp::new().await;
    let wrong_pin = app.try_sign_on("B-OSEI", "111222", "cart-1").await;
    assert_eq!(wrong_pin.problem(401), "sign_on_failed");
    let tries = [
        ("B-NOBODY", PIN, "cart-1"),
        ("B-OSEI", "", "cart-1"),
        ("B-OSEI", PIN, "cart-9"),
        ("B-OSEI", PIN, "cart-new"),
        ("B-OSEI", PIN, "no such place"),
    ];
    for (badge, pin, device) in tries {
        let reply = app.try_sign_on(badge, pin, device).await;
        assert_eq!((reply.status, &reply.text), (401, &wrong_pin.text), "{badge} {pin} {device}");
        assert!(reply.header("set-cookie").is_none());
    }
    // The right PIN is no second factor on a browser nobody enrolled.
    let body = json!({"badge": "B-LIND", "pin": PIN, "device": "cart-1"});
    let stranger = app.send(Asked::post("/api/v1/sessions", &body)).await;
    assert_eq!((stranger.status, &stranger.text), (401, &wrong_pin.text));
    let other = Asked::post("/api/v1/sessions", &body).at(&"ab".repeat(32));
    assert_eq!(app.send(other).await.problem(401), "sign_on_failed");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_pins_lock_one_user_for_fifteen_minutes_and_nobody_else() {
    let app = TestApp::new().await;
    for _ in 0..5 {
        let reply = app.try_sign_on("B-OSEI", "111222", "cart-1").await;
        assert_eq!(reply.problem(401), "sign_on_failed");
    }
    assert_eq!(app.try_sign_on("B-OSEI", PIN, "cart-1").await.problem(423), "locked_out");
    assert_eq!(app.try_sign_on("B-OSEI", PIN, "cart-2").await.problem(423), "locked_out");
    app.try_sign_on("B-LIND", PIN, "cart-1").await.expect(201);
    app.pass_machine_seconds(14 * 60).await;
    assert_eq!(app.try_sign_on("B-OSEI", PIN, "cart-1").await.problem(423), "locked_out");
    app.pass_machine_seconds(61).await;
    app.try_sign_on("B-OSEI", PIN, "cart-1").await.expect(201);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_after_idle_minutes_and_after_a_shift() {
    let app = TestApp::new().await;
    let cart = app.sign_on(person("Osei"), "cart-1").await;
    let station = app.sign_on(person("Novak"), "station-east").await;
    let ask = |session: &str| app.send(Asked::get("/api/v1/residents").by(session));
    app.pass_machine_seconds(110).await;
    ask(&cart).await.expect(200);
    app.pass_machine_seconds(110).await;
    ask(&cart).await.expect(200);
    app.pass_machine_seconds(121).await;
    assert_eq!(ask(&cart).await.problem(401), "sign_on_first");
    assert_eq!(ask(&cart).await.problem(401), "sign_on_first", "asking does not revive it");
    ask(&station).await.expect(200);
    // In use all shift long, it still ends twelve hours after it began.
    let server = &app.running().app;
    let token = emar::secret::sha256(&emar::secret::unhex(&station).unwrap());
    let row = server.store.session(&token).await.unwrap().unwrap();
    let left = (row.expires_at - Clock::machine(&*app.clock)) / 1_000_000;
    app.pass_machine_seconds(left - 30).await;
    assert!(server.activity.used(row.id, Clock::machine(&*app.clock), i64::MAX));
    ask(&station).await.expect(200);
    app.pass_machine_seconds(31).await;
    assert_eq!(ask(&station).await.problem(401), "sign_on_first");
    // Clinical time scales nothing of this.
    let again = app.sign_on(person("Osei"), "cart-1").await;
    app.clock.set("2026-11-02T23:00:00Z");
    ask(&again).await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_elsewhere_can_neither_use_a_token_nor_post() {
    let app = TestApp::new().await;
    let session = app.sign_on(person("Osei"), "cart-1").await;
    let server = app.running().http.to_string();
    let residents = Asked::get("/api/v1/residents").by(&session);
    for origin in [format!("http://{server}"), "https://evil.example".to_owned()] {
        let reply = app.send(residents.clone().header("Origin", &origin)).await;
        assert_eq!(reply.problem(401), "sign_on_first", "a Bearer with an Origin");
    }
    let cookie = format!("__Host-emar={session}");
    let post = || {
        Asked::post("/api/v1/sessions", &json!({"badge": "B-OSEI", "pin": PIN, "device": "cart-1"}))
            .header("Cookie", &cookie)
            .at(&device_token())
    };
    let same = format!("http://{server}");
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        let reply = app.send(post().header(name, value)).await;
        assert_eq!(reply.problem(403), "cross_site", "{name}: {value}");
    }
    app.send(post().header("Origin", &same).header("Sec-Fetch-Site", "same-origin"))
        .await
        .expect(201);
    let form = Asked::new("POST", "/api/v1/sessions")
        .at(&device_token())
        .header("Content-Type", "text/plain");
    assert_eq!(app.send(form).await.problem(415), "content_type");
    app.finish().await;
}

/// Who brings no enrolled device guesses at nobody's expense, and not fast.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_lock_nobody_out() {
    let app = TestApp::new().await;
    let body = json!({"badge": "B-OSEI", "pin": "111222", "device": "cart-1"});
    for _ in 0..30 {
        let reply = app.send(Asked::post("/api/v1/sessions", &body)).await;
        assert_eq!(reply.problem(401), "sign_on_failed");
    }
    let reply = app.send(Asked::post("/api/v1/sessions", &body)).await;
    assert_eq!(reply.problem(429), "slow_down");
    let code = || {
        let mut form = Asked::new("POST", "/enrol")
            .header("Content-Type", "application/x-www-form-urlencoded");
        form.body = b"device=cart-1&code=0123456789abcdef".to_vec();
        app.send(form)
    };
    for _ in 0..30 {
        assert_eq!(code().await.problem(401), "enrol_failed");
    }
    assert_eq!(code().await.problem(429), "slow_down");
    app.try_sign_on("B-OSEI", PIN, "cart-1").await.expect(201);
    app.pass_machine_seconds(61).await;
    let reply = app.send(Asked::post("/api/v1/sessions", &body)).await;
    assert_eq!(reply.problem(401), "sign_on_failed");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_sent_at_once_are_counted_before_they_are_answered() {
    let app = TestApp::new().await;
    let guesses = (0..12).map(|n| {
        let body = json!({"badge": "B-OSEI", "pin": format!("90817{n:02}"), "device": "cart-1"});
        let asked = Asked::post("/api/v1/sessions", &body).at(&device_token());
        let server = app.running().http;
        tokio::spawn(async move { asked.send(server).await.status })
    });
    let mut statuses = Vec::new();
    for guess in guesses.collect::<Vec<_>>() {
        statuses.push(guess.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [[401; 5].as_slice(), &[423; 7]].concat());
    app.try_sign_on("B-LIND", PIN, "cart-1").await.expect(201);
    app.finish().await;
}

/// A wrong clock puts typed times into the wrong window: nobody signs on at such a cart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_whose_clock_is_off_lets_nobody_sign_on() {
    let app = TestApp::new().await;
    let wall = Clock::wall(&*app.clock);
    let sign_on = async |device: &str, off_s: i64| {
        let at = Instant::from_micros(wall + off_s * 1_000_000).to_string();
        let body = json!({"badge": "B-OSEI", "pin": PIN, "device": device, "at": at});
        app.send(Asked::post("/api/v1/sessions", &body).at(&device_token())).await
    };
    for off in [-240, 240] {
        let refused = sign_on("cart-1", off).await;
        assert_eq!(refused.problem(409), "clock_variance");
        assert!(refused.text.contains("min off. Do not chart here"), "{}", refused.text);
    }
    assert_eq!(app.home().carts.len(), 0, "nobody stands at it");
    sign_on("cart-1", -60).await.expect(201);
    sign_on("cart-1", 60).await.expect(201);
    // A board tells no time of a giving.
    sign_on("station-east", 3600).await.expect(201);
    let body = json!({"badge": "B-OSEI", "pin": PIN, "device": "cart-1", "at": "half past"});
    let unread = app.send(Asked::post("/api/v1/sessions", &body).at(&device_token())).await;
    assert_eq!(unread.expect(422)["pointer"], "/at");
    app.finish().await;
}
