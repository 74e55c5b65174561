-- Attachments by the rooms that show their files: whatever a room shows can be attached there, and what it shows no more
-- is not told of by the messages that carry it.

-- The attachments of a message as the API shows them, in their order. Of a file that the message's room does not show
-- (deleted, taken away) nothing is left but its id, by which the message shows it again should it come back.
create function attachments_2(p_message uuid) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object(
               'upload_id', a.upload_id,
               'file_id', f.id,
               'name', case when s.state = 'deleted' then '' else coalesce(f.name, up.name, '') end,
               'content_type', case when s.state = 'deleted' then 'application/octet-stream'
                   else coalesce(f.content_type, up.content_type, 'application/octet-stream') end,
               'size', case when s.state = 'deleted' then 0 else coalesce(f.size, up.size, 0) end,
               'state', s.state) order by a.place), '[]')
      from messages m
      join message_attachments a on a.message_id = m.id
      left join uploads up on up.id = a.upload_id
      left join files f on f.id = coalesce(a.file_id, up.file_id)
      left join file_places p on p.room_id = m.room_id and p.file_id = f.id and p.live
     cross join lateral (
         select case
             when p.file_id is not null then f.status
             when f.id is not null or up.id is null or up.state = 'completed' then 'deleted'
             when up.state in ('pending', 'in_progress', 'completing') then 'uploading'
             else 'failed'
         end as state
     ) s
     where m.id = p_message
$$;

-- In place, against the custom of numbers: the same answer in shape, and no release, nor any function here that asks it,
-- is to go on telling what is not to be told.
create or replace function attachments_1(p_message uuid) returns jsonb language sql stable as $$
    select attachments_2(p_message)
$$;

-- As append_message_2, for every file that the room shows.
create function append_message_3(
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
    p_statuses  text[],
    p_attachments jsonb
) returns table (
    outcome    text,
    wait_ms    bigint,
    place      integer,
    attachments jsonb,
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
    v_sent        jsonb;
    v_fingerprint bytea;
    v_attachment  jsonb;
    v_attachments jsonb := '[]';
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
        -- Without attachments as append_message_1 made it: a retry may come after a deployment.
        v_sent := jsonb_build_array(p_content, p_reply_to, p_metadata);
        if p_attachments <> '[]' then
            v_sent := v_sent || jsonb_build_array(p_attachments);
        end if;
        v_fingerprint := sha256(convert_to(v_sent::text, 'UTF8'));
        select * into v_known
          from messages m
         where m.room_id = p_room and m.author_id = p_author and m.client_id = p_client_id;
        if found and v_known.fingerprint is distinct from v_fingerprint then
            outcome := 'client_id_reused';
            return next;
            return;
        elsif found then
            return query select 'known', null::bigint, null::integer, attachments_2(v_known.id), v_known.id,
                v_known.room_id, v_known.seq, v_known.author_id, v_known.kind, v_known.content, v_known.reply_to,
                v_known.metadata, v_known.client_id, v_known.created_at, v_known.edited_at, v_known.deleted_at;
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
    if outcome is null then
        for v_attachment, place in
            select a, n - 1 from jsonb_array_elements(p_attachments) with ordinality x (a, n)
        loop
            -- A file that can be had here, or an upload of the author's own that is one or may still become one.
            if not exists (
                select from files f
                  join file_places p on p.room_id = p_room and p.file_id = f.id and p.live
                 where f.company_id = p_company and f.status = 'available'
                   and f.id = coalesce((v_attachment ->> 'file_id')::uuid, (
                       select up.file_id from uploads up
                        where up.company_id = p_company and up.id = (v_attachment ->> 'upload_id')::uuid
                          and up.uploader_id = p_author))
            ) and not exists (
                select from uploads up
                 where up.company_id = p_company and up.id = (v_attachment ->> 'upload_id')::uuid and up.room_id = p_room
                   and up.uploader_id = p_author and up.state in ('pending', 'in_progress', 'completing')
            ) then
                outcome := 'no_attachment';
                exit;
            end if;
        end loop;
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

    insert into messages as m
        (company_id, id, room_id, seq, author_id, client_id, ordinal, fingerprint, kind, content, reply_to,
         metadata, attachment_count, created_at)
    values
        (p_company, p_id, p_room, v_seq, p_author, p_client_id, v_ordinal, v_fingerprint, 'text', p_content,
         p_reply_to, p_metadata, jsonb_array_length(p_attachments), p_at);
    if p_attachments <> '[]' then
        insert into message_attachments (company_id, message_id, place, upload_id, file_id)
        select p_company, p_id, n - 1, (a ->> 'upload_id')::uuid, coalesce((a ->> 'file_id')::uuid, (
                   select up.file_id from uploads up where up.company_id = p_company and up.id = (a ->> 'upload_id')::uuid))
          from jsonb_array_elements(p_attachments) with ordinality x (a, n);
        v_attachments := attachments_2(p_id);
    end if;

    insert into room_events (company_id, room_id, seq, type, actor_id, payload, at)
    values (p_company, p_room, v_seq, 'message.created', p_author,
        p_payload || jsonb_build_object('seq', v_seq, 'attachments', v_attachments), p_at);

    -- Who writes has read what stands above.
    update room_members m
       set last_sent_at = p_at, read_seq = v_seq, read_count = v_ordinal
     where m.room_id = p_room and m.user_id = p_author;

    return query
        select 'sent', null::bigint, null::integer, v_attachments, p_id, p_room, v_seq, p_author, 'text', p_content,
            p_reply_to, p_metadata, p_client_id, p_at, null::timestamptz, null::timestamptz;
end
$$;
