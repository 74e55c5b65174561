-- What a file goes through after its upload: described, versioned, shown in several rooms, found, deleted, restored.

alter table files
    add column description   text not null default '',
    add column metadata      jsonb,
    -- What ETag says: counts every change of the file itself.
    add column revision      bigint not null default 1,
    -- Who sent today's content and when, once it is not the first.
    add column sent_by       uuid,
    add column sent_at       timestamptz,
    -- The former version that today's content was taken from again.
    add column restored_from integer,
    add column downloads     bigint not null default 0,
    add column deleted_by    uuid,
    -- What it was before it was deleted, and is again when it is restored.
    add column deleted_from  text check (deleted_from in ('available', 'quarantined')),
    -- When an admin let blocked content through: inspection does not take it away again.
    add column released_at   timestamptz,
    -- The name as it is searched, and its grams; null until they were made (files of older code).
    add column search_text   text,
    add column grams         integer[],
    add foreign key (company_id, sent_by) references users (company_id, id),
    add foreign key (company_id, deleted_by) references users (company_id, id);
create index files_deleted on files (company_id, id desc) where status = 'deleted';
create index files_deleted_by_time on files (deleted_at) where status = 'deleted';
create index files_quarantined on files (company_id, id desc) where status = 'quarantined';
create index files_unindexed on files (id) where grams is null;

-- The file that an upload is a new version of. No reference: the file may be gone when the upload comes to its end.
alter table uploads add column replaces uuid;
create index uploads_of_file on uploads (file_id) where file_id is not null;

-- The storage class that the object of a content is tagged for; what it should be follows from the rooms that show
-- it. A room is looked through when its files are not where its state wants them.
alter table blobs add column tier text not null default 'standard' check (tier in ('standard', 'archive'));
alter table rooms add column files_tier text not null default 'standard' check (files_tier in ('standard', 'archive'));
create index rooms_to_tier on rooms (id) where (status = 'archived') <> (files_tier = 'archive');

-- Former contents; today's is the file's own row. Each holds a reference to its blob.
create table file_versions (
    company_id    uuid not null,
    file_id       uuid not null,
    version       integer not null,
    blob_id       uuid not null,
    upload_id     uuid not null,
    sent_by       uuid not null,
    content_type  text not null,
    size          bigint not null check (size >= 0),
    restored_from integer,
    sent_at       timestamptz not null,
    primary key (file_id, version),
    foreign key (company_id, file_id) references files (company_id, id),
    foreign key (company_id, blob_id) references blobs (company_id, id),
    foreign key (company_id, sent_by) references users (company_id, id)
);
create index file_versions_by_blob on file_versions (blob_id);

-- Where a room's files are cut into stretches of 65,536, so that a search can walk them newest first: a stretch begins
-- at the id `from_id`. A file that is shown late belongs to the stretch of its id.
create table file_buckets (
    company_id uuid not null,
    room_id    uuid not null,
    number     integer not null,
    from_id    uuid not null,
    files      integer not null default 0,
    primary key (room_id, number),
    foreign key (company_id, room_id) references rooms (company_id, id)
);

-- The rooms that show a file: the one it was sent to and those it was put into later. Access to one of them is access
-- to the file.
create table file_places (
    company_id uuid not null,
    room_id    uuid not null,
    file_id    uuid not null,
    added_by   uuid not null,
    added_at   timestamptz not null,
    -- Not while the file is deleted.
    live       boolean not null,
    bucket     integer not null,
    -- What a search looks for: grams of the name, type and sender, hashed with room and bucket.
    tokens     integer[] not null,
    primary key (room_id, file_id),
    foreign key (company_id, room_id) references rooms (company_id, id),
    foreign key (company_id, file_id) references files (company_id, id) on delete cascade,
    foreign key (company_id, added_by) references users (company_id, id)
);
create index file_places_of_file on file_places (file_id);
create index file_places_live on file_places (room_id, file_id desc) where live;
-- Without a list of pending entries, which every look at the index would have to read.
create index file_places_tokens on file_places using gin (tokens) with (fastupdate = off);

-- The tokens of grams within one bucket of one room: no two buckets share an entry of the index, by all chances.
create function bucket_tokens_1(p_room uuid, p_bucket integer, p_grams integer[]) returns integer[]
language sql immutable parallel safe as $$
    select coalesce(array_agg(distinct (hashint4extended(gram, hashtextextended(p_room::text, p_bucket)) % 2147483648)::integer), '{}')
      from unnest(p_grams) gram
$$;

-- The grams of what else a list is filtered by.
create function sender_gram_1(p_user uuid) returns integer
language sql immutable parallel safe as $$ select hashtext('by:' || p_user::text) $$;
create function type_gram_1(p_type text) returns integer
language sql immutable parallel safe as $$ select hashtext('type:' || p_type) $$;
create function file_grams_1(p_grams integer[], p_uploader uuid, p_type text) returns integer[]
language sql immutable parallel safe as $$
    select coalesce(p_grams, '{}') || sender_gram_1(p_uploader) || type_gram_1(split_part(p_type, ';', 1))
        || type_gram_1(split_part(p_type, '/', 1) || '/*')
$$;

-- Shows a file in a room. The caller holds the room's row lock.
create function show_file_1(p_company uuid, p_room uuid, p_file uuid, p_by uuid, p_at timestamptz) returns void
language plpgsql as $$
declare
    v_bucket file_buckets%rowtype;
    v_number integer;
begin
    select * into v_bucket from file_buckets b
     where b.room_id = p_room and b.from_id <= p_file
     order by b.number desc limit 1;
    if not found then
        v_number := 0;
        insert into file_buckets (company_id, room_id, number, from_id)
        values (p_company, p_room, 0, '00000000-0000-0000-0000-000000000000')
        on conflict do nothing;
    elsif v_bucket.files >= 65536 and not exists (
        select from file_places p where p.room_id = p_room and p.file_id > p_file
    ) then
        v_number := v_bucket.number + 1;
        insert into file_buckets (company_id, room_id, number, from_id)
        values (p_company, p_room, v_number, p_file);
    else
        v_number := v_bucket.number;
    end if;
    insert into file_places (company_id, room_id, file_id, added_by, added_at, live, bucket, tokens)
    select p_company, p_room, f.id, p_by, p_at, f.status <> 'deleted', v_number,
        bucket_tokens_1(p_room, v_number, file_grams_1(f.grams, f.uploader_id, f.content_type))
      from files f where f.company_id = p_company and f.id = p_file
    on conflict do nothing;
    if found then
        update file_buckets b set files = b.files + 1 where b.room_id = p_room and b.number = v_number;
    end if;
end
$$;

-- Every file is shown in its own room, whoever wrote it: code that knows nothing of places too.
create function place_file_1() returns trigger language plpgsql as $$
begin
    perform show_file_1(new.company_id, new.room_id, new.id, new.uploader_id, new.created_at);
    return null;
end
$$;
create trigger files_placed after insert on files for each row execute function place_file_1();

create function replace_file_1() returns trigger language plpgsql as $$
begin
    update file_places p
       set live = new.status <> 'deleted',
           tokens = bucket_tokens_1(p.room_id, p.bucket, file_grams_1(new.grams, new.uploader_id, new.content_type))
     where p.file_id = new.id;
    return null;
end
$$;
create trigger files_replaced after update of status, grams, content_type on files for each row
    when (old.status is distinct from new.status or old.grams is distinct from new.grams
          or old.content_type is distinct from new.content_type)
    execute function replace_file_1();

select show_file_1(f.company_id, f.room_id, f.id, f.uploader_id, f.created_at) from files f order by f.id;

-- As begin_uploads_1, with new versions: an item may name the file that it `replaces`, an available one of its room.
-- Its content is always sent, whatever it holds: only its end makes it a version. Answers 'no_file' where there is no
-- such file, to somebody who may read the room.
create function begin_uploads_2(
    p_company uuid, p_user uuid, p_batch uuid, p_items jsonb, p_rule jsonb, p_plans jsonb, p_max_sending integer,
    p_call jsonb
) returns table (
    place integer, outcome text, role text, access text, status text, used bigint, reserved bigint, total bigint,
    file_limit bigint, room_limit bigint, room_used bigint, events jsonb, told jsonb
) language plpgsql volatile as $$
#variable_conflict use_column
declare
    v_taken  jsonb;
    v_places integer[];
    v_others integer[];
begin
    select coalesce(jsonb_agg(case when x.replaces is null then x.item else x.item - 'identity' end order by x.n)
               filter (where x.fits), '[]'),
           array_agg(x.n order by x.n) filter (where x.fits),
           array_agg(x.n) filter (where not x.fits)
      into v_taken, v_places, v_others
      from (
          select i.item, (i.n - 1)::integer as n, i.item ->> 'replaces' as replaces,
              i.item ->> 'replaces' is null or exists (
                  select from files f
                   where f.company_id = p_company and f.id = (i.item ->> 'replaces')::uuid
                     and f.room_id = (i.item ->> 'room')::uuid and f.status = 'available') as fits
            from jsonb_array_elements(p_items) with ordinality i (item, n)
      ) x;
    return query
        select case when b.place < 0 then b.place else v_places[b.place + 1] end, b.outcome, b.role, b.access, b.status,
            b.used, b.reserved, b.total, b.file_limit, b.room_limit, b.room_used, b.events, b.told
          from begin_uploads_1(p_company, p_user, p_batch, v_taken, p_rule, p_plans, p_max_sending, p_call) b;
    update uploads up set replaces = (i.item ->> 'replaces')::uuid
      from jsonb_array_elements(v_taken) i (item)
     where i.item ->> 'replaces' is not null and up.company_id = p_company and up.id = (i.item ->> 'id')::uuid;
    return query
        select x.n, case when exists (
                   select from rooms r
                     join users u on u.company_id = p_company and u.id = p_user and u.status = 'active'
                     left join room_members m on m.room_id = r.id and m.user_id = u.id
                    where r.company_id = p_company and r.id = (p_items -> x.n ->> 'room')::uuid and r.status <> 'deleted'
                      and (m.user_id is not null or (r.type = 'public' and u.role <> 'guest'))
               ) then 'no_file' else 'no_room' end,
            null::text, null::text, null::text, null::bigint, null::bigint, null::bigint, null::bigint, null::bigint,
            null::bigint, '[]'::jsonb, '[]'::jsonb
          from unnest(v_others) x (n);
end
$$;
