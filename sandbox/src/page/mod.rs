//! A page to watch, drawn anew every second: Innkeep's calendar beside the channels', then what each channel believes.

mod listings;
mod tables;

use poem::web::{Data, Html};
use poem::{Response, handler};

use crate::state::Sandbox;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const BODY: &str = include_str!("page.html");

#[handler]
pub(crate) fn overview() -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Channel sandbox</title>\
         <style>{STYLE}</style></head><body>{BODY}<script>{SCRIPT}</script></body></html>"
    );
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        .body(page)
}

/// What each channel believes, as a part of the page.
#[handler]
pub(crate) fn believed(Data(sandbox): Data<&Sandbox>) -> Html<String> {
    let world = sandbox.world();
    let mut part = String::new();
    tables::write(&mut part, &world);
    listings::write(&mut part, &world);
    if part.is_empty() {
        part.push_str("<p>No property yet: <code>PUT /sandbox/properties/{id}</code>.</p>");
    }
    Html(part)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
