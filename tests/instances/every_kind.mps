* every kind: 2 stages
NAME anergy FREE
ROWS
 N cost
 E equal_t0
 L less_t0
 G more_t0
 L range_t0
 N any_t0
 E equal_t1
 L less_t1
 G more_t1
 L range_t1
 N any_t1
 L limit_all
COLUMNS
 plain_t0 cost 1
 plain_t0 equal_t0 1
 plain_t0 limit_all 1
 free_t0 equal_t0 1
 free_t0 less_t0 1
 at_most_t0 cost -0.5
 at_most_t0 less_t0 1
 at_most_t0 more_t0 1
 at_least_t0 cost 3
 at_least_t0 more_t0 1
 at_least_t0 range_t0 1
 between_t0 cost 1e-7
 between_t0 range_t0 1
 between_t0 any_t0 1
 fixed_t0 any_t0 1
 fixed_t0 less_t1 -1
 plain_t1 cost 1
 plain_t1 equal_t1 1
 plain_t1 limit_all 1
 free_t1 equal_t1 2
 free_t1 less_t1 1
 at_most_t1 cost -0.5
 at_most_t1 less_t1 2
 at_most_t1 more_t1 1
 at_least_t1 cost 3
 at_least_t1 more_t1 2
 at_least_t1 range_t1 1
 between_t1 cost 1e-7
 between_t1 range_t1 2
 between_t1 any_t1 1
 fixed_t1 any_t1 2
 shared_all cost 2
 shared_all equal_t0 1
 shared_all equal_t1 1
 shared_all limit_all -1
RHS
 rhs equal_t0 12
 rhs less_t0 8
 rhs more_t0 -3
 rhs range_t0 9
 rhs equal_t1 12
 rhs less_t1 8
 rhs more_t1 -3
 rhs range_t1 9
 rhs limit_all 20
RANGES
 range range_t0 8
 range range_t1 8
 range limit_all 16
BOUNDS
 FR bound free_t0
 MI bound at_most_t0
 UP bound at_most_t0 7
 LO bound at_least_t0 2
 LO bound between_t0 -1.5
 UP bound between_t0 4
 FX bound fixed_t0 5
 FR bound free_t1
 MI bound at_most_t1
 UP bound at_most_t1 7
 LO bound at_least_t1 2
 LO bound between_t1 -1.5
 UP bound between_t1 4
 FX bound fixed_t1 5
 UP bound shared_all 10
QUADOBJ
 plain_t1 plain_t1 0.25
ENDATA
