-- What messages do in the database itself. Functions are versioned by name: a changed one is append_message_2, and
-- append_message_1 stays until no deployed code calls it.

-- Sending a message: the hottest path, so one function call does all of it in one round trip.
--
-- The order is the point. The room's row is locked first; every read after that is a statement of its own,
-- with a snapshot younger than the lock. So whatever follows the number of a removal, an archive or a change
-- of settings in the room's log has seen it.
--
-- p_payload is the event's data as clients read it, with any number as its seq: the right one is filled in here.
-- p_roles, p_accesses and p_statuses are the permission table's row for writing; this file holds no copy of it.
-- Answers one row: outcome 'sent' or 'known' with the message's columns, or the rule that refused and nothing else.
create function append_message_1(
    p_company   uuid,
    p_room      uuid,
    p_author    uuid,
    p_id        uuid,
    p_client_id text,
    p_content   text,
    p_reply_to  uuid,
    p_metadata  jsonb,
    p_payload   jsonb,
    p_at        timestamptz,
    p_roles     text[],
    p_accesses  text[],
    p_statuses  text[]
) returns table (
    outcome    text,
    wait_ms    bigint,
    id         uuid,
    room_id    uuid,
    seq        bigint,
    author_id  uuid,
    kind       text,
    content    text,
    reply_to   uuid,
    metadata   jsonb,
    client_id  text,
    created_at timestamptz,
    edited_at  timestamptz,
    deleted_at timestamptz
) language plpgsql volatile as $$
#variable_conflict use_column
declare
    v_room        record;
    v_author      record;
    v_known       messages%rowtype;
    v_fingerprint bytea;
    v_seq         bigint;
    v_ordinal     bigint;
begin
    select r.type, r.status, r.settings ->> 'slow_mode_s' as slow_mode_s
      into v_room
      from rooms r
     where r.company_id = p_company and r.id = p_room and r.status <> 'deleted'
       for no key update;
    if not found then
        outcome := 'no_room';
        return next;
        return;
    end if;

    select u.role as company_role, m.user_id is not null as member, m.role, m.access, m.last_sent_at
      into v_author
      from users u
      left join room_members m on m.room_id = p_room and m.user_id = u.id
     where u.company_id = p_company and u.id = p_author and u.status = 'active';
    if not found then
        outcome := 'inactive';
    elsif not v_author.member then
        outcome := case when v_room.type = 'public' and v_author.company_role <> 'guest'
                        then 'not_member' else 'no_room' end;
    end if;
    if outcome is not null then
        return next;
        return;
    end if;

    -- Before the rules of the moment: a retry gets its first answer even if the room was archived since.
    if p_client_id is not null then
        v_fingerprint := sha256(convert_to(jsonb_build_array(p_content, p_reply_to, p_metadata)::text, 'UTF8'));
        select * into v_known
          from messages m
         where m.room_id = p_room and m.author_id = p_author and m.client_id = p_client_id;
        if found and v_known.fingerprint is distinct from v_fingerprint then
            outcome := 'client_id_reused';
            return next;
            return;
        elsif found then
            return query select 'known', null::bigint, v_known.id, v_known.room_id, v_known.seq, v_known.author_id,
                v_known.kind, v_known.content, v_known.reply_to, v_known.metadata, v_known.client_id,
                v_known.created_at, v_known.edited_at, v_known.deleted_at;
            return;
        end if;
    end if;

    if v_author.role <> all (p_roles) then
        outcome := 'role';
    elsif v_author.access <> all (p_accesses) then
        outcome := 'read_only';
    elsif v_room.status <> all (p_statuses) then
        outcome := 'archived';
    elsif v_room.slow_mode_s <> '0' then
        wait_ms := ceil(extract(epoch from v_author.last_sent_at - p_at) * 1000) + v_room.slow_mode_s::bigint * 1000;
        if wait_ms > 0 then
            outcome := 'slow_mode';
        end if;
    end if;
    if outcome is null and p_reply_to is not null and not exists (
        select from messages m where m.company_id = p_company and m.id = p_reply_to and m.room_id = p_room
    ) then
        outcome := 'no_reply_target';
    end if;
    if outcome is not null then
        return next;
        return;
    end if;

    update rooms r
       set last_seq = r.last_seq + 1,
           message_count = r.message_count + 1,
           last_activity_at = greatest(r.last_activity_at, p_at)
     where r.id = p_room
     returning r.last_seq, r.message_count into v_seq, v_ordinal;

    insert into room_events (company_id, room_id, seq, type, actor_id, payload, at)
    values (p_company, p_room, v_seq, 'message.created', p_author, jsonb_set(p_payload, '{seq}', to_jsonb(v_seq)), p_at);

    -- Who writes has read what stands above.
    update room_members m
       set last_sent_at = p_at, read_seq = v_seq, read_count = v_ordinal
     where m.room_id = p_room and m.user_id = p_author;

    return query
        insert into messages as m
            (company_id, id, room_id, seq, author_id, client_id, ordinal, fingerprint, kind, content, reply_to,
             metadata, created_at)
        values
            (p_company, p_id, p_room, v_seq, p_author, p_client_id, v_ordinal, v_fingerprint, 'text', p_content,
             p_reply_to, p_metadata, p_at)
        returning 'sent', null::bigint, m.id, m.room_id, m.seq, m.author_id, m.kind, m.content, m.reply_to, m.metadata,
            m.client_id, m.created_at, m.edited_at, m.deleted_at;
end
$$;

-- A page of a room's messages for the active person $2 of the company $1, if they may read the room $3: their own
-- rooms, and public ones unless they are a guest. No row: they may not. One row without a message: nothing there.
--
-- $4 (a number) or $5 (a message) says the place, neither the newest end; $6 is 1 when the place itself belongs to the
-- page; $7 and $8 are how many to read on the older and on the newer side.
--
-- A function for the sake of its settings: with many small rooms about, the planner takes a large one for small too,
-- fetches all of it and sorts. Without sorts and bitmaps the only way left is the walk along (room_id, seq).
create function message_page_1(uuid, uuid, uuid, bigint, uuid, bigint, bigint, bigint) returns table (
    place      bigint,
    older      boolean,
    id         uuid,
    room_id    uuid,
    seq        bigint,
    author_id  uuid,
    kind       text,
    content    text,
    reply_to   uuid,
    metadata   jsonb,
    client_id  text,
    created_at timestamptz,
    edited_at  timestamptz,
    deleted_at timestamptz
) language plpgsql stable rows 100
set enable_sort = off
set enable_bitmapscan = off
as $$
#variable_conflict use_column
begin
    return query
        with room as (
            select r.id, case
                       when $4 is not null then $4
                       when $5 is null then 9223372036854775806
                       else (select a.seq from messages a where a.company_id = $1 and a.id = $5 and a.room_id = $3)
                   end as place
              from rooms r
              join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
              left join room_members mine on mine.room_id = r.id and mine.user_id = u.id
             where r.company_id = $1 and r.id = $3 and r.status <> 'deleted'
               and (mine.user_id is not null or (r.type = 'public' and u.role <> 'guest'))
        )
        select room.place, found.*
          from room
          left join lateral (
              (select true, m.id, m.room_id, m.seq, m.author_id, m.kind, m.content, m.reply_to, m.metadata,
                      m.client_id, m.created_at, m.edited_at, m.deleted_at
                 from messages m
                where m.room_id = $3 and m.seq < room.place + $6
                order by m.seq desc
                limit $7)
              union all
              (select false, m.id, m.room_id, m.seq, m.author_id, m.kind, m.content, m.reply_to, m.metadata,
                      m.client_id, m.created_at, m.edited_at, m.deleted_at
                 from messages m
                where m.room_id = $3 and m.seq > room.place
                order by m.seq
                limit $8)
          ) found on true;
end
$$;
