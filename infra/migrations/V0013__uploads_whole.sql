-- Batches of uploads, what follows an upload, attachments of messages, threads as far as files make them, and the
-- functions that begin, complete and end uploads. Functions are versioned by name: a changed one gets the next
-- number, and the old one stays until no deployed code calls it. They know the columns of V0012, which is deployed with
-- them.
-- Lock order everywhere: rooms (by id), then the company, then anything below.

create table upload_batches (
    company_id  uuid not null,
    id          uuid primary key,
    uploader_id uuid not null,
    created_at  timestamptz not null,
    unique (company_id, id),
    foreign key (company_id, uploader_id) references users (company_id, id)
);

alter table uploads
    add column batch_id      uuid,
    -- What is to happen when it is done; null for what the room does by itself.
    add column follow_up     jsonb,
    -- Since when somebody wants it finished: who finds it so for long takes it on.
    add column join_asked_at timestamptz,
    -- The old rows have no batch: nothing to scan.
    add constraint uploads_batch_fkey foreign key (company_id, batch_id)
        references upload_batches (company_id, id) not valid;
create index uploads_of_batch on uploads (batch_id, id) where batch_id is not null;
create index uploads_asked on uploads (join_asked_at)
    where join_asked_at is not null and state in ('in_progress', 'completing');

-- The highest mark of storage (in per cent) that the admins were told of; falls when space is freed.
alter table companies
    add column storage_warned smallint not null default 0 check (storage_warned in (0, 80, 95));

create table threads (
    company_id       uuid not null,
    id               uuid primary key,
    room_id          uuid not null,
    -- The number of the event that created it.
    seq              bigint not null,
    title            text not null,
    -- The title as it is compared: NFC, lower case.
    title_key        text not null,
    description      text not null default '',
    type             text not null default 'discussion'
        check (type in ('discussion', 'file_sharing', 'announcement', 'question')),
    status           text not null default 'active' check (status in ('active', 'resolved', 'archived', 'deleted')),
    created_by       uuid not null,
    -- The file that it was made from.
    file_id          uuid,
    last_activity_at timestamptz not null,
    created_at       timestamptz not null,
    unique (company_id, id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, created_by) references users (company_id, id),
    foreign key (company_id, file_id) references files (company_id, id) on delete set null (file_id)
);
create unique index threads_title_key on threads (room_id, title_key) where status <> 'deleted';

alter table messages add column attachment_count smallint not null default 0;

create table message_attachments (
    company_id uuid not null,
    message_id uuid not null,
    place      smallint not null check (place between 0 and 9),
    -- The upload that it was while the message was sent; its file, once there is one.
    upload_id  uuid,
    file_id    uuid,
    primary key (message_id, place),
    foreign key (company_id, message_id) references messages (company_id, id) on delete cascade,
    foreign key (company_id, upload_id) references uploads (company_id, id) on delete set null (upload_id),
    foreign key (company_id, file_id) references files (company_id, id) on delete set null (file_id)
);
create index message_attachments_by_upload on message_attachments (upload_id) where upload_id is not null;
create index message_attachments_by_file on message_attachments (file_id) where file_id is not null;

-- The attachments of a message as the API shows them, in their order.
create function attachments_1(p_message uuid) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object(
               'upload_id', a.upload_id,
               'file_id', f.id,
               'name', coalesce(f.name, up.name, ''),
               'content_type', coalesce(f.content_type, up.content_type, 'application/octet-stream'),
               'size', coalesce(f.size, up.size, 0),
               'state', case
                   when f.id is not null then f.status
                   when up.state in ('pending', 'in_progress', 'completing') then 'uploading'
                   when up.state = 'completed' or up.id is null then 'deleted'
                   else 'failed'
               end) order by a.place), '[]')
      from message_attachments a
      left join uploads up on up.id = a.upload_id
      left join files f on f.id = coalesce(a.file_id, up.file_id)
     where a.message_id = p_message
$$;

-- Takes the next number of a room's log, whose row is locked.
create function next_seq_1(p_room uuid, p_at timestamptz) returns bigint language sql volatile as $$
    update rooms set last_seq = last_seq + 1, last_activity_at = greatest(last_activity_at, p_at)
     where id = p_room returning last_seq
$$;

-- Writes an event of a room, and answers it as the code that announces it reads it.
create function log_event_1(
    p_company uuid, p_room uuid, p_seq bigint, p_type text, p_actor uuid, p_payload jsonb, p_at timestamptz
) returns jsonb language sql volatile as $$
    insert into room_events (company_id, room_id, seq, type, actor_id, payload, at)
    values (p_company, p_room, p_seq, p_type, p_actor, p_payload, p_at)
    returning jsonb_build_object('room_id', room_id, 'seq', seq, 'type', type, 'actor', actor_id, 'data', payload)
$$;

-- Tells the room that the attachments of messages have moved with an upload.
create function log_attachments_1(p_company uuid, p_room uuid, p_upload uuid, p_actor uuid, p_at timestamptz)
returns jsonb language plpgsql volatile as $$
declare
    v_message record;
    v_events  jsonb := '[]';
begin
    for v_message in
        select m.id, m.seq from messages m
         where m.deleted_at is null
           and m.id in (select a.message_id from message_attachments a where a.upload_id = p_upload)
         order by m.seq
    loop
        v_events := v_events || log_event_1(p_company, p_room, next_seq_1(p_room, p_at), 'attachment.changed', p_actor,
            jsonb_build_object('message_id', v_message.id, 'message_seq', v_message.seq,
                'attachments', attachments_1(v_message.id)), p_at);
    end loop;
    return v_events;
end
$$;

-- Compares what a company takes with the marks of 80 and 95 per cent. Its row is locked. Crossing one upwards is told
-- to each admin, in their own log; answers what to announce.
create function note_storage_1(p_company uuid, p_plans jsonb, p_at timestamptz) returns jsonb
language plpgsql volatile as $$
declare
    v_company record;
    v_limit   numeric;
    v_taken   numeric;
    v_level   smallint;
    v_data    jsonb;
    v_told    jsonb := '[]';
begin
    select c.plan, c.storage_used, c.storage_reserved, c.storage_warned into v_company
      from companies c where c.id = p_company;
    v_limit := (p_plans -> v_company.plan ->> 'total')::numeric;
    v_taken := v_company.storage_used::numeric + v_company.storage_reserved;
    v_level := case when v_limit is null then 0
                    when v_taken * 100 >= v_limit * 95 then 95
                    when v_taken * 100 >= v_limit * 80 then 80
                    else 0 end;
    if v_level = v_company.storage_warned then
        return v_told;
    end if;
    update companies set storage_warned = v_level where id = p_company;
    if v_level < v_company.storage_warned then
        return v_told;
    end if;
    v_data := jsonb_build_object('percent', v_level, 'used_bytes', v_company.storage_used,
        'reserved_bytes', v_company.storage_reserved, 'limit_bytes', v_limit::bigint,
        'available_bytes', greatest(v_limit - v_taken, 0)::bigint);
    with moved as (
        update users u set last_seq = u.last_seq + 1
         where u.company_id = p_company and u.role in ('owner', 'admin') and u.status = 'active'
        returning u.id, u.last_seq
    ), logged as (
        insert into user_events (company_id, user_id, seq, type, payload, at)
        select p_company, moved.id, moved.last_seq, 'storage.warning', v_data, p_at from moved
        returning user_id, seq
    )
    select coalesce(jsonb_agg(jsonb_build_object('user_id', user_id, 'seq', seq, 'type', 'storage.warning',
               'data', v_data)), '[]')
      into v_told from logged;
    return v_told;
end
$$;

-- Makes the content p_blob a file of the upload's room, with its event, and with what is to follow it: both or
-- neither. The rows of the room and of the company are locked. p_made holds the data of the events as clients
-- read them, made by the code; numbers, states and what only stands here are filled in:
--   file; message (or none); thread (or none) with stem and stem_key, which a taken title is numbered by;
--   auto: the thread is made only if the room makes one for each file.
-- Answers the events.
create function make_file_1(p_company uuid, p_up uploads, p_blob uuid, p_made jsonb, p_at timestamptz) returns jsonb
language plpgsql volatile as $$
declare
    v_events  jsonb;
    v_file    uuid := (p_made ->> 'file_id')::uuid;
    v_blob    blobs%rowtype;
    v_status  text;
    v_seq     bigint;
    v_ordinal bigint;
    v_auto    boolean;
    v_id      uuid;
    v_title   text;
    v_key     text;
    v_number  integer := 1;
    v_data    jsonb;
begin
    select * into v_blob from blobs b where b.company_id = p_company and b.id = p_blob;
    v_status := case when v_blob.blocked_as is null then 'available' else 'quarantined' end;
    v_seq := next_seq_1(p_up.room_id, p_at);
    insert into files (company_id, id, room_id, blob_id, uploader_id, upload_id, name, content_type, size, status, seq,
        created_at)
    values (p_company, v_file, p_up.room_id, p_blob, p_up.uploader_id, p_up.id, p_up.name, p_up.content_type, p_up.size,
        v_status, v_seq, p_at);
    -- What was found out about the content meanwhile; its room need not be told again.
    v_data := p_made -> 'file' || jsonb_build_object('status', v_status, 'blocked_as', v_blob.blocked_as,
        'preview', coalesce(v_blob.preview, p_made -> 'file' -> 'preview'), 'scan_status', v_blob.scan_status);
    insert into file_news (company_id, file_id, blob_id, what, value)
    select p_company, v_file, p_blob, 'preview', v_blob.preview ->> 'state' where v_blob.preview is not null
    union all
    select p_company, v_file, p_blob, 'scan', v_blob.scan_status where v_blob.scan_status <> 'not_scanned';
    v_events := jsonb_build_array(
        log_event_1(p_company, p_up.room_id, v_seq, 'file.created', p_up.uploader_id, v_data, p_at));
    update uploads set file_id = v_file where company_id = p_company and id = p_up.id;
    update message_attachments set file_id = v_file where upload_id = p_up.id;

    if jsonb_typeof(p_made -> 'message') = 'object' then
        v_id := (p_made -> 'message' ->> 'id')::uuid;
        v_seq := next_seq_1(p_up.room_id, p_at);
        update rooms set message_count = message_count + 1 where id = p_up.room_id returning message_count into v_ordinal;
        insert into messages (company_id, id, room_id, seq, author_id, ordinal, kind, content, attachment_count, created_at)
        values (p_company, v_id, p_up.room_id, v_seq, p_up.uploader_id, v_ordinal, 'text',
            p_made -> 'message' ->> 'content', 1, p_at);
        insert into message_attachments (company_id, message_id, place, file_id) values (p_company, v_id, 0, v_file);
        -- Who writes has read what stands above.
        update room_members set last_sent_at = p_at, read_seq = v_seq, read_count = v_ordinal
         where room_id = p_up.room_id and user_id = p_up.uploader_id;
        v_data := p_made -> 'message' || jsonb_build_object('seq', v_seq, 'attachments', attachments_1(v_id));
        v_events := v_events
            || log_event_1(p_company, p_up.room_id, v_seq, 'message.created', p_up.uploader_id, v_data, p_at);
    end if;

    if jsonb_typeof(p_made -> 'thread') = 'object' then
        select coalesce((r.settings ->> 'auto_thread')::boolean, false)
               and coalesce((r.settings ->> 'threads')::boolean, true)
          into v_auto from rooms r where r.id = p_up.room_id;
        if v_auto or not (p_made ->> 'auto')::boolean then
            v_title := p_made -> 'thread' ->> 'title';
            v_key := p_made ->> 'title_key';
            -- The title was free when the upload began; whoever took it since does not stop a file of any size.
            while exists (select from threads t
                           where t.room_id = p_up.room_id and t.title_key = v_key and t.status <> 'deleted') loop
                v_number := v_number + 1;
                v_title := p_made ->> 'stem' || ' (' || v_number || ')';
                v_key := p_made ->> 'stem_key' || ' (' || v_number || ')';
            end loop;
            v_id := (p_made -> 'thread' ->> 'id')::uuid;
            v_seq := next_seq_1(p_up.room_id, p_at);
            insert into threads (company_id, id, room_id, seq, title, title_key, description, type, created_by, file_id,
                last_activity_at, created_at)
            values (p_company, v_id, p_up.room_id, v_seq, v_title, v_key, p_made -> 'thread' ->> 'description',
                p_made -> 'thread' ->> 'type', p_up.uploader_id, v_file, p_at, p_at);
            v_data := p_made -> 'thread' || jsonb_build_object('seq', v_seq, 'title', v_title);
            v_events := v_events
                || log_event_1(p_company, p_up.room_id, v_seq, 'thread.created', p_up.uploader_id, v_data, p_at);
        end if;
    end if;

    return v_events || log_attachments_1(p_company, p_up.room_id, p_up.id, p_up.uploader_id, p_at);
end
$$;

-- Writes down one step of an upload.
create function audit_upload_1(
    p_company uuid, p_line uuid, p_at timestamptz, p_actor uuid, p_action text, p_upload uuid, p_call jsonb,
    p_from text, p_to text
) returns void language sql volatile as $$
    insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
    values (p_company, p_line, p_at, p_actor, p_action, 'upload', p_upload, p_call ->> 'address',
        p_call ->> 'request_id', jsonb_build_object('from', p_from, 'to', p_to))
$$;

-- Begins uploads of one person, each for itself: one that is refused does not keep the others back.
--
-- The company's row makes the quota and the number of uploads exact under any number of calls; everything that
-- decides is read after it. p_rule is the permission table's row for uploading, p_plans what each plan allows. An item
-- with an identity whose content the person can already read becomes a file at once. An item that S3 has begun (s3) takes
-- a place among those that send; without a place it waits when it belongs to the batch p_batch, else it is refused.
-- p_call: at, expires, address, request_id.
-- Answers a row an item: 'sending', 'waiting', 'known' with its events, or the rule that refused, with its figures.
create function begin_uploads_1(
    p_company uuid, p_user uuid, p_batch uuid, p_items jsonb, p_rule jsonb, p_plans jsonb, p_max_sending integer,
    p_call jsonb
) returns table (
    place integer, outcome text, role text, access text, status text, used bigint, reserved bigint, total bigint,
    file_limit bigint, room_limit bigint, room_used bigint, events jsonb, told jsonb
) language plpgsql volatile as $$
#variable_conflict use_column
declare
    v_at      timestamptz := (p_call ->> 'at')::timestamptz;
    v_rooms   uuid[];
    v_company record;
    v_me      text;
    v_item    jsonb;
    v_n       bigint;
    v_room    record;
    v_blob    uuid;
    v_sending integer;
    v_size    bigint;
    v_up      uploads%rowtype;
    v_kept    boolean := false;
begin
    -- Only content that is known by its checksums can become a file here, and so write the log of its room.
    select array_agg((i ->> 'room')::uuid) into v_rooms
      from jsonb_array_elements(p_items) i where i ->> 'identity' is not null;
    perform 1 from rooms r where r.company_id = p_company and r.id = any (v_rooms) order by r.id for no key update;
    perform 1 from companies c where c.id = p_company for no key update;
    select c.plan, c.storage_used, c.storage_reserved into v_company
      from companies c where c.id = p_company and c.deleted_at is null;
    select u.role into v_me from users u where u.company_id = p_company and u.id = p_user and u.status = 'active';
    used := v_company.storage_used;
    reserved := v_company.storage_reserved;
    total := (p_plans -> v_company.plan ->> 'total')::bigint;
    file_limit := (p_plans -> v_company.plan ->> 'file')::bigint;
    select count(*) into v_sending
      from uploads up where up.company_id = p_company and up.uploader_id = p_user and up.state = 'in_progress';
    if p_batch is not null and v_me is not null then
        insert into upload_batches (company_id, id, uploader_id, created_at) values (p_company, p_batch, p_user, v_at);
    end if;

    for v_item, v_n in select i, n from jsonb_array_elements(p_items) with ordinality x (i, n) loop
        place := v_n - 1;
        events := '[]';
        told := '[]';
        outcome := null;
        v_blob := null;
        v_size := (v_item ->> 'size')::bigint;
        select r.status, r.settings, m.role, m.access into v_room
          from rooms r
          left join room_members m on m.company_id = r.company_id and m.room_id = r.id and m.user_id = p_user
         where r.company_id = p_company and r.id = (v_item ->> 'room')::uuid and r.status <> 'deleted'
           and (m.user_id is not null or (r.type = 'public' and v_me <> 'guest'));
        if not found or v_me is null or v_company.plan is null then
            outcome := 'no_room';
            return next;
            continue;
        end if;
        role := v_room.role;
        access := v_room.access;
        status := v_room.status;
        room_limit := (v_room.settings ->> 'storage_limit_bytes')::bigint;
        room_used := 0;
        if room_limit is not null then
            select coalesce(sum(f.size), 0) into room_used
              from files f where f.room_id = (v_item ->> 'room')::uuid and f.status <> 'deleted';
            select room_used + coalesce(sum(up.reserved), 0) into room_used
              from uploads up where up.room_id = (v_item ->> 'room')::uuid and up.reserved > 0;
        end if;

        if role is null or not p_rule -> 'roles' ? role or not p_rule -> 'accesses' ? access
           or not p_rule -> 'statuses' ? status then
            outcome := 'room';
        elsif not coalesce((v_room.settings ->> 'uploads')::boolean, true) then
            outcome := 'uploads_off';
        elsif jsonb_typeof(v_room.settings -> 'allowed_types') = 'array'
              and not lower(v_room.settings ->> 'allowed_types')::jsonb
                  ?| array (select jsonb_array_elements_text(v_item -> 'patterns')) then
            outcome := 'type';
        elsif v_size > file_limit then
            outcome := 'file_size';
        elsif v_item -> 'follow_up' ->> 'do' = 'thread' and not coalesce((v_room.settings ->> 'threads')::boolean, true) then
            outcome := 'threads_off';
        elsif v_item -> 'follow_up' ->> 'do' = 'thread' and exists (
            select from threads t where t.room_id = (v_item ->> 'room')::uuid and t.status <> 'deleted'
               and t.title_key = v_item ->> 'title_key') then
            outcome := 'title_taken';
        elsif room_used + v_size > room_limit then
            outcome := 'room_quota';
        else
            -- A checksum is no key: the content must be in a file that this person can open.
            select b.id into v_blob from blobs b
             where b.company_id = p_company and b.identity = v_item ->> 'identity' and b.scan_status <> 'infected'
               and exists (
                   select from files f
                     join rooms r on r.company_id = p_company and r.id = f.room_id and r.status <> 'deleted'
                     left join room_members m on m.room_id = r.id and m.user_id = p_user
                    where f.blob_id = b.id and f.status = 'available'
                      and (m.user_id is not null or (r.type = 'public' and v_me <> 'guest')));
            if v_blob is not null then
                outcome := 'known';
            elsif used + reserved + v_size > total then
                outcome := 'quota';
            elsif v_sending < p_max_sending and v_item ->> 's3' is not null then
                outcome := 'sending';
            elsif p_batch is not null then
                outcome := 'waiting';
            else
                outcome := 'too_many';
            end if;
        end if;
        if outcome not in ('known', 'sending', 'waiting') then
            return next;
            continue;
        end if;

        insert into uploads as up (company_id, id, room_id, uploader_id, state, name, content_type, size, checksum,
            part_size, part_count, blob_id, key, s3_upload_id, reserved, batch_id, follow_up, created_at,
            last_activity_at, expires_at, ended_at, swept_at)
        values (p_company, (v_item ->> 'id')::uuid, (v_item ->> 'room')::uuid, p_user,
            case outcome when 'known' then 'completed' when 'sending' then 'in_progress' else 'pending' end,
            v_item ->> 'name', v_item ->> 'content_type', v_size, v_item ->> 'checksum',
            (v_item ->> 'part_size')::bigint, (v_item ->> 'part_count')::integer,
            coalesce(v_blob, (v_item ->> 'blob')::uuid), v_item ->> 'key',
            case outcome when 'sending' then v_item ->> 's3' end, case outcome when 'known' then 0 else v_size end,
            p_batch, nullif(v_item -> 'follow_up', 'null'), v_at, v_at, (p_call ->> 'expires')::timestamptz,
            case outcome when 'known' then v_at end, case outcome when 'known' then v_at end)
        returning * into v_up;
        perform audit_upload_1(p_company, (v_item -> 'lines' ->> 0)::uuid, v_at, p_user, 'upload.begun', v_up.id, p_call,
            null, 'pending');
        if outcome = 'known' then
            update blobs set refs = refs + 1 where company_id = p_company and id = v_blob;
            events := make_file_1(p_company, v_up, v_blob, v_item -> 'made', v_at);
            perform audit_upload_1(p_company, (v_item -> 'lines' ->> 1)::uuid, v_at, p_user, 'upload.adopted', v_up.id,
                p_call, 'pending', 'completed');
        else
            v_kept := true;
            reserved := reserved + v_size;
            if outcome = 'sending' then
                v_sending := v_sending + 1;
                perform audit_upload_1(p_company, (v_item -> 'lines' ->> 1)::uuid, v_at, p_user, 'upload.started',
                    v_up.id, p_call, 'pending', 'in_progress');
            end if;
        end if;
        return next;
    end loop;
    if v_kept then
        update companies set storage_reserved = reserved where id = p_company;
        place := -1;
        outcome := 'told';
        events := '[]';
        told := note_storage_1(p_company, p_plans, v_at);
        return next;
    end if;
end
$$;

-- Makes a joined and verified upload a file: content, file, what follows it, quota and session, once however often it
-- is called. p_from are the states that may be joined. p_call: at, address, request_id, actor, lines (two).
-- Answers one row: 'new' with events, 'already', 'refused', or 'ended' with the state; whether the company had the
-- content already; whether other uploads of the person wait for a place.
create function complete_upload_1(
    p_company uuid, p_upload uuid, p_identity text, p_crc64 text, p_expected text, p_made jsonb, p_from text[],
    p_rule jsonb, p_plans jsonb, p_call jsonb
) returns table (outcome text, state text, duplicate boolean, waits boolean, events jsonb, told jsonb)
language plpgsql volatile as $$
#variable_conflict use_column
declare
    v_at   timestamptz := (p_call ->> 'at')::timestamptz;
    v_up   uploads%rowtype;
    v_may  boolean;
    v_blob blobs%rowtype;
begin
    duplicate := false;
    waits := false;
    events := '[]';
    told := '[]';
    perform 1 from rooms r where r.company_id = p_company and r.id = (
        select up.room_id from uploads up where up.company_id = p_company and up.id = p_upload) for no key update;
    perform 1 from companies c where c.id = p_company for no key update;
    select * into v_up from uploads up where up.company_id = p_company and up.id = p_upload;
    state := v_up.state;
    if not found then
        outcome := 'ended';
        state := 'failed';
        return next;
        return;
    elsif v_up.state = 'completed' then
        outcome := 'already';
    elsif v_up.state <> all (p_from) then
        outcome := 'ended';
    else
        select p_rule -> 'roles' ? m.role and p_rule -> 'accesses' ? m.access and p_rule -> 'statuses' ? r.status
               and u.status = 'active'
          into v_may
          from rooms r
          join users u on u.company_id = p_company and u.id = v_up.uploader_id
          join room_members m on m.company_id = p_company and m.room_id = r.id and m.user_id = u.id
         where r.company_id = p_company and r.id = v_up.room_id;
        outcome := case when coalesce(v_may, false) then 'new' else 'refused' end;
    end if;
    if outcome <> 'new' then
        return next;
        return;
    end if;

    if v_up.state <> 'completing' then
        perform audit_upload_1(p_company, (p_call -> 'lines' ->> 0)::uuid, v_at, (p_call ->> 'actor')::uuid,
            'upload.joined', p_upload, p_call, v_up.state, 'completing');
    end if;
    insert into blobs (company_id, id, key, size, identity, crc64, detected_type, blocked_as, refs, created_at)
    values (p_company, v_up.blob_id, v_up.key, v_up.size, p_identity, p_crc64, v_up.detected_type, v_up.blocked_as, 1, v_at)
    on conflict (company_id, identity) where identity is not null do update set refs = blobs.refs + 1
    returning * into v_blob;
    duplicate := v_blob.id <> v_up.blob_id;
    events := make_file_1(p_company, v_up, v_blob.id, p_made, v_at);
    -- A content that nobody referred to any more was not counted.
    update companies c
       set storage_reserved = c.storage_reserved - v_up.reserved,
           storage_used = c.storage_used + case when v_blob.refs = 1 then v_up.size else 0 end
     where c.id = p_company;
    update uploads set state = 'completed', reserved = 0, ended_at = v_at, expected = coalesce(p_expected, expected),
           swept_at = case when not duplicate then v_at end
     where company_id = p_company and id = p_upload;
    perform audit_upload_1(p_company, (p_call -> 'lines' ->> 1)::uuid, v_at, (p_call ->> 'actor')::uuid,
        'upload.completed', p_upload, p_call, 'completing', 'completed');
    told := note_storage_1(p_company, p_plans, v_at);
    waits := exists (select from uploads up where up.company_id = p_company and up.uploader_id = v_up.uploader_id
                        and up.state = 'pending' and up.batch_id is not null);
    state := 'completed';
    return next;
end
$$;

-- Ends uploads without a file and gives back what they held: those in p_uploads, or the open ones of the batch p_batch
-- of the person p_owner. p_call: at, address, request_id, actor, action, lines (one for each); idle_since: only those
-- that nothing has happened to since then.
-- Answers a row for each that was ended, with its events.
create function end_uploads_1(
    p_company uuid, p_uploads uuid[], p_batch uuid, p_owner uuid, p_to text, p_from text[], p_failure text,
    p_plans jsonb, p_call jsonb
) returns table (id uuid, waits boolean, events jsonb) language plpgsql volatile as $$
#variable_conflict use_column
declare
    v_at   timestamptz := (p_call ->> 'at')::timestamptz;
    v_all  uuid[] := p_uploads;
    v_up   uploads%rowtype;
    v_n    integer := 0;
begin
    if p_batch is not null then
        select array_agg(up.id order by up.id) into v_all from uploads up
         where up.company_id = p_company and up.batch_id = p_batch and up.uploader_id = p_owner;
    end if;
    perform 1 from rooms r where r.company_id = p_company and r.id in (
        select up.room_id from uploads up where up.company_id = p_company and up.id = any (v_all))
      order by r.id for no key update;
    perform 1 from companies c where c.id = p_company for no key update;
    for v_up in
        select * from uploads up where up.company_id = p_company and up.id = any (v_all) and up.state = any (p_from)
           and (p_call ->> 'idle_since' is null or up.last_activity_at <= (p_call ->> 'idle_since')::timestamptz)
         order by up.id
    loop
        -- What only waited left nothing in S3.
        update uploads set state = p_to, reserved = 0, ended_at = v_at, failure = p_failure,
               swept_at = case when state = 'pending' and batch_id is not null then v_at end
         where company_id = p_company and id = v_up.id;
        update companies c set storage_reserved = c.storage_reserved - v_up.reserved where c.id = p_company;
        perform audit_upload_1(p_company, (p_call -> 'lines' ->> v_n)::uuid, v_at, (p_call ->> 'actor')::uuid,
            p_call ->> 'action', v_up.id, p_call, v_up.state, p_to);
        id := v_up.id;
        events := log_attachments_1(p_company, v_up.room_id, v_up.id, (p_call ->> 'actor')::uuid, v_at);
        waits := exists (select from uploads up where up.company_id = p_company and up.uploader_id = v_up.uploader_id
                            and up.state = 'pending' and up.batch_id is not null and up.id <> all (v_all));
        v_n := v_n + 1;
        return next;
    end loop;
    if v_n > 0 then
        perform note_storage_1(p_company, p_plans, v_at);
    end if;
end
$$;
