-- One step of a standard case: nine commands, each a transaction of its own, and a reading. pgbench
-- keeps the variables of a client from one run of this to the next; they begin with 0.
\set case :client_id * 1000000000 + :opened
\set command :case * 16 + :step
\if :step = 0
SELECT bench.carry_out(:command, :case, 0, 'example-clerk', '示例·经办人', 'clerk', 'open', '示例办件');
\elif :step = 1
SELECT bench.carry_out(:command, :case, 1, 'example-clerk', '示例·经办人', 'clerk', 'register', NULL);
\elif :step = 2
SELECT bench.carry_out(:command, :case, 2, 'example-clerk', '示例·经办人', 'clerk', 'accept', NULL);
\elif :step = 3
SELECT bench.carry_out(:command, :case, 3, 'example-clerk', '示例·经办人', 'clerk', 'assign', NULL);
\elif :step = 4
SELECT bench.carry_out(:command, :case, 4, 'example-clerk', '示例·经办人', 'clerk', 'legal_ok', NULL);
\elif :step = 5
SELECT bench.carry_out(:command, :case, 5, 'example-clerk', '示例·经办人', 'clerk', 'technical_ok', NULL);
\elif :step = 6
SELECT bench.carry_out(:command, :case, 6, 'example-clerk', '示例·经办人', 'clerk', 'decide', NULL);
\elif :step = 7
SELECT bench.carry_out(:command, :case, 7, 'example-clerk', '示例·经办人', 'clerk', 'sign', NULL);
\elif :step = 8
SELECT bench.carry_out(:command, :case, 8, 'example-clerk', '示例·经办人', 'clerk', 'close', NULL);
\else
SELECT revision, title, states, stage, department, opened_at, changed_at FROM bench."case" WHERE id = :case;
\set opened :opened + 1
\endif
\set step (:step + 1) % 10
