//! What a manager asks for. Words in angle brackets are filled in by the player: something the tenant has (`<booking>`),
//! or something drawn by the run's dice (`<name>`, `<from>`).

/// A request; with weight `n` it comes `n` times as often as one with 1.
pub struct Step {
    pub weight: u32,
    pub method: &'static str,
    pub path: &'static str,
    pub body: &'static str,
}

impl Step {
    pub fn what(&self) -> (&'static str, &'static str) {
        (self.method, self.path)
    }
}

pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    SCRIPT.iter().map(Step::what)
}

const fn get(weight: u32, path: &'static str) -> Step {
    send(weight, "GET", path, "")
}

const fn post(weight: u32, path: &'static str, body: &'static str) -> Step {
    send(weight, "POST", path, body)
}

const fn send(weight: u32, method: &'static str, path: &'static str, body: &'static str) -> Step {
    Step {
        weight,
        method,
        path,
        body,
    }
}

/// So many of the first come first, in their order.
pub const OPENING: usize = 6;

pub const SCRIPT: &[Step] = &[
    // What there is to sell, and for how much.
    get(1, "/v1/me"),
    get(1, "/v1/properties"),
    get(1, "/v1/properties/<property>"),
    get(1, "/v1/properties/<property>/unit-types"),
    get(3, "/v1/properties/<property>/units"),
    get(1, "/v1/properties/<property>/rate-plans"),
    get(2, "/v1/properties/<property>/ari?from=<from>&to=<to>"),
    get(
        4,
        "/v1/properties/<property>/offers?arrival=<from>&departure=<to>&adults=<few>",
    ),
    send(
        2,
        "PATCH",
        "/v1/properties/<property>/ari",
        r#"{"prices":[{"unit_type_id":"<type>","rate_plan_id":"<base>","from":"<from>","to":"<to>",
            "price":{"amount":"<few>40.00","currency":"EUR"}}],
            "restrictions":[{"unit_type_id":"<type>","rate_plan_id":"<base>","from":"<from>","to":"<from>",
            "min_stay_arrival":<few>}]}"#,
    ),
    post(
        1,
        "/v1/properties/<property>/extras",
        r#"{"code":"X<many>","name":"Breakfast <many>","charge":"per_night","price":{"amount":"1<few>.00","currency":"EUR"}}"#,
    ),
    post(
        1,
        "/v1/properties/<property>/promo-codes",
        r#"{"code":"SPRING<many>","name":"Spring","kind":"percent","value":"1<few>"}"#,
    ),
    get(1, "/v1/properties/<property>/promo-codes?limit=2"),
    // Sales.
    post(
        3,
        "/v1/quotes",
        r#"{"property_id":"<property>","rooms":[{"unit_type_id":"<type>","rate_plan_id":"<plan>",
            "arrival":"<from>","departure":"<to>","adults":1}]}"#,
    ),
    get(1, "/v1/quotes/<quote>"),
    post(
        1,
        "/v1/bookings",
        r#"{"property_id":"<property>","quote_id":"<quote>","booker":{"name":"<name>","email":"<email>"}}"#,
    ),
    post(
        12,
        "/v1/bookings",
        r#"{"property_id":"<property>","booker":{"name":"<name>","email":"<email>","phone":"<phone>"},"notes":"<name>'s",
            "rooms":[{"unit_type_id":"<type>","rate_plan_id":"<plan>","arrival":"<from>","departure":"<to>","adults":1}]}"#,
    ),
    post(
        3,
        "/v1/bookings",
        r#"{"property_id":"<property>","booker":{"name":"<name>"},"hold_minutes":600,
            "rooms":[{"unit_type_id":"<type>","rate_plan_id":"<plan>","arrival":"<from>","departure":"<to>","adults":2,
            "guest_name":"<name>"}]}"#,
    ),
    post(2, "/v1/bookings/<booking>/actions/confirm", ""),
    post(2, "/v1/bookings/<booking>/actions/cancel", ""),
    post(
        1,
        "/v1/bookings/<booking>/actions/force-cancel",
        r#"{"reason":"asked by <name>"}"#,
    ),
    post(
        1,
        "/v1/bookings/actions/force-book",
        r#"{"reason":"<name>","booking":{"property_id":"<property>","booker":{"name":"<name>"},
            "rooms":[{"unit_type_id":"<type>","rate_plan_id":"<plan>","arrival":"<from>","departure":"<to>","adults":1}]}}"#,
    ),
    send(
        2,
        "PATCH",
        "/v1/bookings/<booking>",
        r#"{"notes":"late, says <name>","company_id":"<company>"}"#,
    ),
    get(3, "/v1/bookings/<booking>"),
    get(3, "/v1/bookings/<booking>/timeline"),
    get(4, "/v1/bookings?limit=3"),
    get(1, "/v1/bookings?status=cancelled"),
    // Stays.
    get(2, "/v1/reservations/<stay>"),
    post(
        2,
        "/v1/reservations/<stay>/actions/preview-amend",
        r#"{"arrival":"<from>","departure":"<to>"}"#,
    ),
    post(
        3,
        "/v1/reservations/<stay>/actions/amend",
        r#"{"arrival":"<from>","departure":"<to>","guest_name":"<name>"}"#,
    ),
    get(1, "/v1/reservations/<stay>/cancellation-fee"),
    post(1, "/v1/reservations/<stay>/actions/cancel", ""),
    post(1, "/v1/reservations/<stay>/actions/reinstate", ""),
    get(2, "/v1/reservations/<stay>/assignable-units"),
    post(
        3,
        "/v1/reservations/<stay>/actions/assign-unit",
        r#"{"unit_id":"<unit>"}"#,
    ),
    post(1, "/v1/reservations/<stay>/actions/unassign-unit", "{}"),
    send(
        1,
        "PATCH",
        "/v1/reservations/<stay>/needs",
        r#"{"features":["balcony"]}"#,
    ),
    // The desk.
    post(
        3,
        "/v1/properties/<property>/walk-ins",
        r#"{"booking":{"property_id":"<property>","booker":{"name":"<name>"},"rooms":[{"unit_type_id":"<type>",
            "rate_plan_id":"<plan>","arrival":"<today>","departure":"<to>","adults":1}]}}"#,
    ),
    // Guests who come today: others cannot be checked in.
    post(
        5,
        "/v1/bookings",
        r#"{"property_id":"<property>","booker":{"name":"<name>"},"notes":"today",
            "rooms":[{"unit_type_id":"<type>","rate_plan_id":"<plan>","arrival":"<today>","departure":"<to>","adults":1}]}"#,
    ),
    post(6, "/v1/reservations/<stay>/actions/check-in", ""),
    post(2, "/v1/reservations/<stay>/actions/check-out", ""),
    post(
        2,
        "/v1/properties/<property>/actions/assign-units",
        r#"{"from":"<today>","to":"<later>"}"#,
    ),
    get(3, "/v1/properties/<property>/calendar?from=<today>&to=<later>"),
    get(1, "/v1/properties/<property>/arrivals?date=<from>"),
    get(1, "/v1/properties/<property>/departures?date=<to>&limit=1"),
    get(1, "/v1/properties/<property>/in-house"),
    get(1, "/v1/properties/<property>/stay-overs"),
    get(1, "/v1/properties/<property>/housekeeping"),
    get(1, "/v1/properties/<property>/overbooked?from=<today>&to=<later>"),
    post(1, "/v1/units/<unit>/actions/mark-dirty", ""),
    post(1, "/v1/units/<unit>/actions/mark-clean", ""),
    post(
        1,
        "/v1/properties/<property>/maintenance",
        r#"{"unit_id":"<unit>","kind":"out_of_order","from":"<from>","to":"<to>","reason":"<name> broke it"}"#,
    ),
    get(1, "/v1/properties/<property>/maintenance"),
    post(
        1,
        "/v1/properties/<property>/housekeeping-tasks",
        r#"{"unit_id":"<unit>","date":"<from>","title":"a cot for <name>"}"#,
    ),
    get(1, "/v1/properties/<property>/housekeeping-tasks"),
    // People.
    post(
        4,
        "/v1/guests",
        r#"{"first_name":"<name>","last_name":"Example","email":"<email>","phone":"<phone>","notes":"likes <few>"}"#,
    ),
    get(1, "/v1/guests/<guest>"),
    get(2, "/v1/guests?email=<email>"),
    get(2, "/v1/guests?name=example&limit=2"),
    get(1, "/v1/guests/duplicates"),
    send(
        1,
        "PATCH",
        "/v1/guests/<guest>",
        r#"{"vip":true,"phone":"<phone>"}"#,
    ),
    post(1, "/v1/guests/<guest>/actions/merge", r#"{"other_id":"<guest>"}"#),
    post(1, "/v1/guests/<guest>/actions/export", ""),
    post(
        1,
        "/v1/guests/<guest>/actions/erase",
        r#"{"reason":"asked by letter"}"#,
    ),
    send(
        2,
        "PUT",
        "/v1/reservations/<stay>/guests",
        r#"{"guests":[{"guest_id":"<guest>","role":"primary","registration":{"purpose":"<name>"}}]}"#,
    ),
    get(1, "/v1/reservations/<stay>/guests"),
    get(1, "/v1/guests/<guest>/stays"),
    post(
        1,
        "/v1/companies",
        r#"{"kind":"company","name":"Works <many>","email":"<email>","tax_id":"DE<many>"}"#,
    ),
    get(1, "/v1/companies?name=works"),
    // Groups.
    post(
        2,
        "/v1/groups",
        r#"{"property_id":"<property>","code":"G<many>","name":"Wedding","arrival":"<from>","departure":"<to>"}"#,
    ),
    send(
        2,
        "PUT",
        "/v1/groups/<group>/allotment",
        r#"{"allotment":[{"unit_type_id":"<type>","from":"<from>","to":"<from>","units":1}]}"#,
    ),
    get(1, "/v1/groups/<group>"),
    get(1, "/v1/groups"),
    post(1, "/v1/groups/<group>/actions/release", ""),
    // Channels, people, and who did what.
    post(
        1,
        "/v1/channel-connections",
        r#"{"property_id":"<property>","protocol":"webhook","name":"Agent <many>"}"#,
    ),
    get(1, "/v1/channel-connections"),
    get(1, "/v1/channel-connections/<channel>/sync-status"),
    get(1, "/v1/alerts"),
    get(1, "/v1/users?limit=2"),
    get(1, "/v1/roles"),
    get(3, "/v1/audit-log?limit=10"),
];
