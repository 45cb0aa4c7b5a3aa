//! Every clinical decision of emar: pure, no IO, no clock, no randomness, no floats.
