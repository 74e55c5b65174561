-- What a room keeps counts against its limit, and what a purge needs to find.

-- Whoever removes a file for good looks for the threads that were made from it.
create index threads_of_file on threads (file_id) where file_id is not null;

create index files_of_room on files (room_id) include (blob_id, size);

-- What a room keeps and has promised, as its limit counts it: every content of the files that belong to it, today's and
-- former ones, deleted ones until they are purged; equal content once.
create function room_stores_1(p_company uuid, p_room uuid) returns bigint language sql stable as $$
    select (
        (select coalesce(sum(kept.size), 0) from (
             select f.blob_id, f.size from files f where f.room_id = p_room
             union
             select v.blob_id, v.size from files f join file_versions v on v.file_id = f.id where f.room_id = p_room
         ) kept)
        + (select coalesce(sum(up.reserved), 0) from uploads up
            where up.company_id = p_company and up.room_id = p_room and up.reserved > 0)
    )::bigint
$$;

-- As begin_uploads_1 to 3 in one, with what a room keeps against its limit. Begins uploads of one person, each for
-- itself: one that is refused does not keep the others back.
--
-- The company's row makes the quota and the number of uploads exact under any number of calls; everything that
-- decides is read after it. p_rule is the permission table's row for uploading, p_plans what each plan allows. An item
-- with an identity whose content the person can already read becomes a file at once. An item that S3 has begun (s3) takes
-- a place among those that send; without a place it waits when it belongs to the batch p_batch, else it is refused.
-- An item may name the file that it `replaces`, an available one of its room: it is always sent, only its end makes it
-- a version; and the `thread` that its file is put into, one of its room that goes on.
-- p_call: at, expires, address, request_id; an item has three lines.
-- Answers a row an item: 'sending', 'waiting', 'known' with its events, or the rule that refused, with its figures.
create function begin_uploads_4(
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
    -- What each room with a limit keeps, counted once.
    v_stored  jsonb := '{}';
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
        if v_item ->> 'replaces' is not null and not exists (
            select from files f
             where f.company_id = p_company and f.id = (v_item ->> 'replaces')::uuid
               and f.room_id = (v_item ->> 'room')::uuid and f.status = 'available') then
            outcome := 'no_file';
        elsif v_item ->> 'thread' is not null and not exists (
            select from threads t
             where t.company_id = p_company and t.id = (v_item ->> 'thread')::uuid
               and t.room_id = (v_item ->> 'room')::uuid and t.status in ('active', 'resolved')) then
            outcome := 'no_thread';
        end if;
        if outcome is not null then
            return next;
            continue;
        end if;
        role := v_room.role;
        access := v_room.access;
        status := v_room.status;
        room_limit := (v_room.settings ->> 'storage_limit_bytes')::bigint;
        room_used := 0;
        if room_limit is not null then
            if not v_stored ? (v_item ->> 'room') then
                v_stored := v_stored || jsonb_build_object(v_item ->> 'room',
                    room_stores_1(p_company, (v_item ->> 'room')::uuid));
            end if;
            room_used := (v_stored ->> (v_item ->> 'room'))::bigint;
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
               and v_item ->> 'replaces' is null
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
        if room_limit is not null and not exists (
            select from files f where f.blob_id = v_blob and f.room_id = (v_item ->> 'room')::uuid) then
            v_stored := v_stored || jsonb_build_object(v_item ->> 'room', room_used + v_size);
        end if;

        insert into uploads as up (company_id, id, room_id, uploader_id, state, name, content_type, size, checksum,
            part_size, part_count, blob_id, key, s3_upload_id, reserved, batch_id, follow_up, replaces, thread_id,
            created_at, last_activity_at, expires_at, ended_at, swept_at)
        values (p_company, (v_item ->> 'id')::uuid, (v_item ->> 'room')::uuid, p_user,
            case outcome when 'known' then 'completed' when 'sending' then 'in_progress' else 'pending' end,
            v_item ->> 'name', v_item ->> 'content_type', v_size, v_item ->> 'checksum',
            (v_item ->> 'part_size')::bigint, (v_item ->> 'part_count')::integer,
            coalesce(v_blob, (v_item ->> 'blob')::uuid), v_item ->> 'key',
            case outcome when 'sending' then v_item ->> 's3' end, case outcome when 'known' then 0 else v_size end,
            p_batch, nullif(v_item -> 'follow_up', 'null'), (v_item ->> 'replaces')::uuid,
            (v_item ->> 'thread')::uuid, v_at, v_at, (p_call ->> 'expires')::timestamptz,
            case outcome when 'known' then v_at end, case outcome when 'known' then v_at end)
        returning * into v_up;
        perform audit_upload_1(p_company, (v_item -> 'lines' ->> 0)::uuid, v_at, p_user, 'upload.begun', v_up.id, p_call,
            null, 'pending');
        if outcome = 'known' then
            update blobs set refs = refs + 1 where company_id = p_company and id = v_blob;
            events := make_file_1(p_company, v_up, v_blob, v_item -> 'made', v_at);
            perform audit_upload_1(p_company, (v_item -> 'lines' ->> 1)::uuid, v_at, p_user, 'upload.adopted', v_up.id,
                p_call, 'pending', 'completed');
            events := events || file_joins_thread_1(p_company, v_up.id, events -> 0 -> 'data',
                (v_item -> 'lines' ->> 2)::uuid, p_call, v_at);
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
