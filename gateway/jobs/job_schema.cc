#include "gateway/jobs/job_schema.h"

namespace imprint::gateway {

const std::vector<Migration>& JobMigrations() {
  static const std::vector<Migration> migrations = {
      {1,
       {
           // Protos are kept as JSON: whoever looks into the file can read it. `job` has everything
           // but the spec, which never changes and may be large. Times are microseconds since 1970.
           "create table jobs ("
           " id varchar(63) primary key, tenant varchar(63) not null, kind varchar(16) not null,"
           " state integer not null, priority integer not null, slots integer not null,"
           " create_us bigint not null, not_before_us bigint not null default 0,"
           " chunk_items bigint not null, next_item bigint not null default 0,"
           " items_total bigint not null,"
           " needs_cleanup integer not null default 0, end_us bigint not null default 0,"
           " base_model varchar(100) not null, reference_set varchar(100) not null,"
           " concept varchar(100) not null, token varchar(100) not null,"
           // When it fails if it still waits, and if it is not done; 0 is never.
           " queue_until_us bigint not null, total_until_us bigint not null,"
           " attempt_us bigint not null, fingerprint varchar(64) not null,"
           " trace_id varchar(32) not null, version bigint not null default 1,"
           " model text not null, spec text not null, job text not null)",
           "create index jobs_by_state on jobs (state, tenant)",
           "create index jobs_by_tenant on jobs (tenant, id)",
           // In the order in which a tenant's jobs of one kind are begun.
           "create index jobs_to_run on jobs (tenant, kind, priority desc, create_us)"
           " where state in (1, 2)",
           "create index jobs_by_end on jobs (end_us) where end_us > 0",
           "create index jobs_to_clean on jobs (needs_cleanup) where needs_cleanup = 1",
           "create table request_ids ("
           " tenant varchar(63) not null, request_id varchar(100) not null,"
           " payload_sha256 varchar(64) not null, job varchar(63) not null,"
           " primary key (tenant, request_id))",
           "create index request_ids_by_job on request_ids (job)",
           // A training has the chunk 0. `done_bits`: which of the chunk's items are done.
           "create table chunks ("
           " job varchar(63) not null, chunk bigint not null, first_item bigint not null,"
           " item_count bigint not null, done_bits bigint not null default 0,"
           " state integer not null, faults integer not null default 0,"
           " attempt integer not null default 0,"
           " node varchar(255) not null default '', lease_us bigint not null default 0,"
           " start_us bigint not null default 0, primary key (job, chunk))",
           "create index chunks_by_state on chunks (state, job)",
           "create table events ("
           " job varchar(63) not null, number bigint not null, is_progress integer not null,"
           " body text not null, primary key (job, number))",
           // In hexadecimal.
           "create table checkpoints ("
           " job varchar(63) primary key, step bigint not null, state text not null)",
           "create table results (job varchar(63) primary key, body text not null)",
           // Device-seconds, halved every hour: what fair share is measured by.
           "create table tenant_usage ("
           " tenant varchar(63) primary key, device_seconds double precision not null,"
           " update_us bigint not null)",
       }},
      {2,
       {
           // Whether a node has begun to work on it: until then it waits in the queue.
           "alter table jobs add column begun integer not null default 0",
           "update jobs set begun = 1 where next_item > 0",
           // All that it takes to find the live jobs that waited, or took, too long.
           "create index jobs_to_expire on jobs (state, total_until_us, queue_until_us, begun, id)"
           " where queue_until_us > 0 or total_until_us > 0",
       }},
      {3,
       {
           // What nodes that work on it must have.
           "alter table jobs add column precision varchar(8) not null default 'fp32'",
       }},
      {4,
       {
           // Who has a chunk: one seat for each rank of its attempt. `slots` of a job is the most
           // that it has use for.
           "create table seats ("
           " job varchar(63) not null, chunk bigint not null, rank integer not null,"
           " node varchar(255) not null, lease_us bigint not null,"
           " primary key (job, chunk, rank))",
           "insert into seats (job, chunk, rank, node, lease_us)"
           " select job, chunk, 0, node, lease_us from chunks where state = 1",
           "alter table chunks drop column node",
           "alter table chunks drop column lease_us",
           "alter table jobs add column min_slots integer not null default 1",
           "update jobs set min_slots = slots",
       }},
      {5,
       {
           // What a picture asks of the network (item_plan.h); 0 is not known.
           "alter table jobs add column item_work double precision not null default 0",
       }},
      {6,
       {
           // What an event tells (job_row.cc), so that nobody need look for it in the body. Until
           // now progress was marked; the rest is known by the key of what its body has.
           "alter table events add column kind varchar(16) not null default ''",
           "update events set kind = case when is_progress = 1 then 'progress'"
           " when body like '%\"attemptChange\":%' then 'attempt'"
           " when body like '%\"stateChange\":%' then 'state'"
           " when body like '%\"checkpoint\":%' then 'checkpoint'"
           " when body like '%\"picture\":%' then 'picture' else '' end",
           "alter table events drop column is_progress",
           // The few among many that are looked for: of an image set, nearly all are pictures.
           "create index events_of_attempts on events (job, number) where kind = 'attempt'",
           "create index events_of_states on events (job, number) where kind = 'state'",
       }},
      {7,
       {
           // What samplers that draw it must have; 0 until one has it.
           "alter table jobs add column batch_places integer not null default 0",
       }},
  };
  return migrations;
}

}  // namespace imprint::gateway
