//! Tests of the crate from outside: HTTP over loopback, and messages as channels send them.
