// What a client of the API looks like in TypeScript; compiled by ./check, so it cannot go stale.
import createClient from "openapi-fetch";
import type { paths } from "./innkeep";

export async function bookFirstOffer(baseUrl: string, email: string, password: string) {
  const api = createClient<paths>({ baseUrl });

  const login = await api.POST("/v1/auth/login", { body: { email, password } });
  if (!login.data) throw new Error("not logged in");
  if (!("access_token" in login.data)) throw new Error("a second factor is wanted");
  const token = login.data.access_token;
  api.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${token}`);
    },
  });

  const properties = await api.GET("/v1/properties");
  const property = properties.data?.items[0];
  if (!property) throw new Error("no property");

  const offers = await api.GET("/v1/properties/{id}/offers", {
    params: {
      path: { id: property.id },
      query: { arrival: "2027-03-01", departure: "2027-03-04", adults: 2 },
    },
  });
  const offer = offers.data?.items[0];
  if (!offer) throw new Error("nothing free");

  // The same key sent twice books once.
  return api.POST("/v1/bookings", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      property_id: property.id,
      booker: { name: "Ada Lovelace" },
      rooms: [
        {
          unit_type_id: offer.unit_type_id,
          rate_plan_id: offer.rate_plan_id,
          arrival: "2027-03-01",
          departure: "2027-03-04",
          adults: 2,
        },
      ],
      expected_total: offer.total,
    },
  });
}
