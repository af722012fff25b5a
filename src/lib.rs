//! `innkeep`: the HTTP API and the wiring of everything else. `main` is thin; tests use this library.

pub mod api;
pub mod app;
pub mod audit;
pub mod cache;
pub mod commands;
pub mod config;
pub mod demo;
pub mod edge;
pub mod grants;
pub mod openapi;
pub mod redis;
pub mod rights;
pub mod routes;
pub mod secrets;
pub mod server;
pub mod telemetry;
pub mod throttle;
pub mod tokens;
