//! What every answer tells browsers: take it for what it says it is, put it into no frame, keep no copy.

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const SAME_ORIGIN_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// `secure`: people reach this installation over https, and shall never try without.
pub fn protect(path: &str, secure: bool, headers: &mut HeaderMap) {
    let always = [
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (SAME_ORIGIN_POLICY, HeaderValue::from_static("same-origin")),
    ];
    for (name, value) in always {
        headers.insert(name, value);
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    if ["/v1/", "/hooks/", "/ical/", "/alpinebits"]
        .iter()
        .any(|p| path.starts_with(p))
    {
        let unless_said = headers.entry(header::CACHE_CONTROL);
        unless_said.or_insert(HeaderValue::from_static("no-store"));
    }
}
