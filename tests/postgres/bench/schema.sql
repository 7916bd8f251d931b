-- The standard case on PostgreSQL: what a careful team would write by hand for this one workflow.
-- Made anew before each measurement.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
SET search_path = bench;

-- The workflow as data: from which state an event leads on, whose it is, and whither.
CREATE TABLE transition (
  from_state text NOT NULL,
  event      text NOT NULL,
  role       text NOT NULL,
  to_states  text[] NOT NULL,
  -- When all of these are active, the case goes on to `joined`.
  join_of    text[],
  joined     text,
  -- What a list shows the case under.
  stage      text NOT NULL,
  department text NOT NULL,
  limit_ms   bigint,
  ends_limit boolean NOT NULL,
  PRIMARY KEY (from_state, event)
);
INSERT INTO transition VALUES
  ('none', 'open', 'clerk', '{received}', NULL, NULL, 'received', 'window', NULL, false),
  ('received', 'register', 'clerk', '{registered}', NULL, NULL, 'registered', 'window', NULL, false),
  ('registered', 'accept', 'clerk', '{accepted}', NULL, NULL, 'accepted', 'window', 18000000, false),
  ('accepted', 'assign', 'clerk', '{legal_waiting,technical_waiting}', NULL, NULL, 'reviews', 'reviewers', NULL, false),
  ('legal_waiting', 'legal_ok', 'clerk', '{legal_passed}', '{legal_passed,technical_passed}', 'reviewed', 'reviews', 'reviewers', NULL, false),
  ('technical_waiting', 'technical_ok', 'clerk', '{technical_passed}', '{legal_passed,technical_passed}', 'reviewed', 'reviews', 'reviewers', NULL, false),
  ('reviewed', 'decide', 'clerk', '{decided}', NULL, NULL, 'decided', 'head', NULL, false),
  ('decided', 'sign', 'clerk', '{signed}', NULL, NULL, 'signed', 'head', NULL, false),
  ('signed', 'close', 'clerk', '{closed}', NULL, NULL, 'closed', 'archive', NULL, true);

-- Numbers of 8 bytes, where Groundbreak has UUIDs of 16.
CREATE TABLE "case" (
  id         bigint PRIMARY KEY,
  revision   integer NOT NULL,
  title      text NOT NULL,
  states     text[] NOT NULL,
  stage      text NOT NULL,
  department text NOT NULL,
  opened_at  bigint NOT NULL,
  changed_at bigint NOT NULL
);
-- Lists are by stage and by department.
CREATE INDEX ON "case" (stage, id);
CREATE INDEX ON "case" (department, id);

CREATE TABLE journal (
  case_id     bigint NOT NULL,
  revision    integer NOT NULL,
  command     bigint NOT NULL UNIQUE,
  recorded_at bigint NOT NULL,
  record      jsonb NOT NULL,
  PRIMARY KEY (case_id, revision)
);

CREATE TABLE timer (
  case_id bigint NOT NULL,
  name    text NOT NULL,
  due_at  bigint NOT NULL,
  PRIMARY KEY (case_id, name)
);
CREATE INDEX ON timer (due_at);

-- Carries out one command, and returns the revision after it. Refuses by an exception.
CREATE FUNCTION carry_out(
  the_command bigint, the_case bigint, expected integer, actor text, actor_name text, acts_as text,
  the_event text, the_title text
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  it       "case";
  rule     transition;
  answered integer;
  active   text[];
  now_in   text;
  at       bigint := extract(epoch FROM clock_timestamp()) * 1000;
BEGIN
  -- One that was carried out before is answered as before.
  SELECT revision INTO answered FROM journal WHERE command = the_command;
  IF FOUND THEN
    RETURN answered;
  END IF;

  SELECT * INTO it FROM "case" WHERE id = the_case FOR UPDATE;
  IF NOT FOUND THEN
    it.revision := 0;
    it.states := '{none}';
  END IF;
  IF it.revision <> expected THEN
    RAISE EXCEPTION 'case % is at revision %, not %', the_case, it.revision, expected;
  END IF;

  SELECT * INTO rule FROM transition WHERE from_state = ANY (it.states) AND event = the_event;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% leads nowhere from % of case %', the_event, it.states, the_case;
  END IF;
  IF rule.role <> acts_as THEN
    RAISE EXCEPTION '% is not for %', the_event, acts_as;
  END IF;
  active := array_remove(it.states, rule.from_state) || rule.to_states;
  now_in := rule.stage;
  IF active @> rule.join_of THEN
    active := ARRAY[rule.joined];
    now_in := rule.joined;
  END IF;

  INSERT INTO journal VALUES (the_case, expected + 1, the_command, at, jsonb_build_object(
    'actor', jsonb_build_object('id', actor, 'name', actor_name, 'role', acts_as),
    'event', the_event, 'title', the_title, 'effective_at', at,
    'left', it.states, 'entered', active, 'limit_ms', rule.limit_ms, 'ends_limit', rule.ends_limit));
  IF expected = 0 THEN
    INSERT INTO "case" VALUES (the_case, 1, the_title, active, now_in, rule.department, at, at);
  ELSE
    UPDATE "case" SET revision = expected + 1, states = active, stage = now_in,
      department = rule.department, changed_at = at WHERE id = the_case;
  END IF;
  IF rule.limit_ms IS NOT NULL THEN
    INSERT INTO timer VALUES (the_case, 'answer', at + rule.limit_ms);
  END IF;
  IF rule.ends_limit THEN
    DELETE FROM timer WHERE case_id = the_case AND name = 'answer';
  END IF;
  RETURN expected + 1;
END $$;
