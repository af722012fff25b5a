//! The API from outside; mirrors the URL tree.
