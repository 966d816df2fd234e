//! Judging the facts of machines before anything is changed on them.
