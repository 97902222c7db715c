-- Through which account a person's id was learned: a BSUID is Meta's name for somebody within one business portfolio,
-- so only ids of one account can contradict each other. Null: not known.
alter table contact_identity add column waba_id uuid;
