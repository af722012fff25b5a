//! `X-Request-Id`: taken from the caller when it is short and harmless, otherwise made; it stands in the log, in every
//! problem and in the answer's header.

use innkeep_domain::ids::new_id;
use poem::Request;
use poem::http::HeaderValue;

pub const HEADER: &str = "x-request-id";
const LONGEST: usize = 64;

#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    pub fn of(request: &Request) -> Self {
        let harmless = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        let sent = request.headers().get(HEADER);
        match sent.filter(|v| (1..=LONGEST).contains(&v.len()) && v.as_bytes().iter().all(|c| harmless(*c))) {
            Some(sent) => Self(sent.clone()),
            None => Self::fixed(&new_id().to_string()),
        }
    }
    /// An id given in code; an illegal one becomes empty.
    pub fn fixed(id: &str) -> Self {
        Self(HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("")))
    }
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_and_harmless_ids_are_taken_over() {
        let id = |sent: &str| RequestId::of(&Request::builder().header(HEADER, sent).finish()).to_string();
        assert_eq!(id("order-7_b.2"), "order-7_b.2");
        for bad in ["", "a b", "<script>", "a\"b", &"x".repeat(65)] {
            assert_eq!(id(bad).len(), 36, "{bad}");
        }
    }
}
