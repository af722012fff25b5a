//! Code lists that the standard points to.

/// ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik \
    io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt \
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so \
    sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// OpenTravel counts its lists without gaps; these are the hundreds (or tens) they have not grown beyond.
const ROOM_AMENITIES: u32 = 299;
const GUEST_ROOMS: u32 = 99;
const PICTURES: u32 = 29;

pub(super) fn language(code: &str) -> bool {
    code.len() == 2 && LANGUAGES.split_ascii_whitespace().any(|one| one == code)
}

/// RMA; since 2024-10 also one of the alliance's own, which carries a suffix like `101.ABR`.
pub(super) fn room_amenity(code: &str) -> bool {
    code.contains('.') || within(code, ROOM_AMENITIES)
}

/// GRI.
pub(super) fn guest_room(code: &str) -> bool {
    within(code, GUEST_ROOMS)
}

/// PIC.
pub(super) fn picture(code: &str) -> bool {
    within(code, PICTURES)
}

fn within(code: &str, last: u32) -> bool {
    code.trim()
        .parse()
        .is_ok_and(|number: u32| (1..=last).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_of_their_lists() {
        assert!(language("de") && language("zu") && !language("xx") && !language("d") && !language("de en"));
        assert!(room_amenity("276") && room_amenity("101.ABR") && !room_amenity("999") && !room_amenity("0"));
        assert!(guest_room("42") && !guest_room("999"));
        assert!(picture("6") && !picture("999"));
    }
}
