//! What a request was answered.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null when the answer is no JSON.
    pub body: Value,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            text,
            body,
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// This status, whatever else.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A whole problem (RFC 9457) of this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let problem = &self.body;
        assert_eq!(
            (self.status, problem["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], "about:blank");
        for field in ["title", "detail", "request_id"] {
            assert!(
                problem[field].as_str().is_some_and(|t| !t.is_empty()),
                "{field}: {}",
                self.text
            );
        }
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        self
    }

    /// Where in the request the problem lies.
    #[track_caller]
    pub fn at(self, pointer: &str) -> Self {
        assert_eq!(self.body["errors"][0]["pointer"], pointer, "{}", self.text);
        self
    }

    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }

    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap()
    }
}
