alter table booking drop column company_id, drop column agent_id;
drop table reservation_guest, guest_key, guest, company;
