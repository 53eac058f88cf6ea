"""What is said in the pictures of the interface."""

from __future__ import annotations

QUESTION = "A bat and a ball cost 1.10 together. The bat costs 1.00 more. What does the ball cost?"

THOUGHT = """\
The quick answer would be 10 cents, since 1.10 minus 1.00 is 0.10. Let me check that: then the \
bat costs 1.10, and together that makes 1.20. That is too much, so the quick answer is wrong.

Let me call the ball b. The bat is b + 1.00, and both together are 1.10:

b + (b + 1.00) = 1.10, so 2b = 0.10, and b = 0.05.

Check: the ball is 0.05, the bat is 1.05, the sum is 1.10, and the difference is 1.00. Good.

Wait, I should also say why the first guess fails, since most people make it.
"""

ANSWER = """\
The ball costs **5 cents**.

1. Call the ball *b*; the bat is then *b* + 1.00.
2. Together: `b + (b + 1.00) = 1.10`, so `2b = 0.10`.

| | price | difference | sum |
|---|---|---|---|
| ball, the quick guess | 0.10 | 1.00 | 1.20 |
| ball, correct | **0.05** | 1.00 | **1.10** |

```python
ball = (1.10 - 1.00) / 2  # 0.05
assert round(ball + (ball + 1.00), 2) == 1.10
```
"""

SHORT_ANSWER = """\
**5 cents.** The bat then costs 1.05, which is 1.00 more, and both cost 1.10 together.

Ten cents, the answer that comes to mind first, would make 1.20.
"""

ODD_QUESTION = "Why is the sum of the first n odd numbers a square?"

ODD_THOUGHT = """\
The first sums are 1, 1 + 3 = 4, 1 + 3 + 5 = 9 and 1 + 3 + 5 + 7 = 16, so it looks like n².

Wait, four cases prove nothing. I should find a reason, not only a pattern.

Alternatively, I could draw it: a square of n by n stones becomes one of n + 1 by n + 1 when a row \
and a column are added. That L has 2n + 1 stones, which is the next odd number.

Let me check with n = 3: the L has 7 stones, 9 + 7 = 16, and 16 = 4². Good.

Hmm, is the n-th odd number 2n - 1 or 2n + 1? For n = 1 it must be 1, so it is 2n - 1. Then the \
one after it is 2n + 1, as the picture says.

By induction: if the sum is n² for n numbers, it is n² + 2n + 1 = (n + 1)² for n + 1 numbers.

Therefore the sum of the first n odd numbers is n².
"""

ODD_ANSWER = r"""
Each odd number is an L that makes a square of stones one larger:

$$\sum_{k=1}^{n} (2k-1) = 2 \cdot \frac{n(n+1)}{2} - n = n^2$$

The same as a step from $n$ to $n+1$, with $\alpha = n^2$ and $\beta = 2n+1$:

$$\begin{pmatrix} \alpha \\ \beta \end{pmatrix} \mapsto
\begin{pmatrix} \alpha + \beta \\ \beta + 2 \end{pmatrix}, \qquad
\sqrt{\alpha + \beta} = n + 1$$

$$\boxed{1 + 3 + \dots + (2n-1) = n^2}$$
"""

PRIMES = """\
def primes(limit: int) -> list[int]:
    sieve = [True] * (limit + 1)
    for n in range(2, int(limit**0.5) + 1):
        if sieve[n]:
            sieve[n * n :: n] = [False] * len(sieve[n * n :: n])
    return [n for n in range(2, limit + 1) if sieve[n]]
"""

MEASURED = "\n".join(f"primes({10**n:,}) took {0.0011 * 8**n:.3f} s" for n in range(1, 9)) * 12
"""A long paste."""

EARLIER = (
    (
        "2026-11-26T09:12:00Z",
        "A bat and a ball cost 1.10 together",
        "What does the ball cost?",
        "The quick guess is 10 cents. Let me check: that makes 1.20, which is too much.",
        "The ball costs **5 cents**.",
    ),
    (
        "2026-11-26T08:40:00Z",
        "Rename files by their date",
        "How do I rename photos by the date they were taken?",
        "EXIF has the date. exiftool can rename; the person may not have it.",
        "With `exiftool`: `exiftool '-FileName<CreateDate' -d %Y-%m-%d_%H%M%S.%%e *.jpg`",
    ),
    (
        "2026-11-25T20:31:00Z",
        "The sum of odd numbers",
        "Why is the sum of the first n odd numbers a square?",
        "Four cases prove nothing. By induction: n² + 2n + 1 = (n + 1)².",
        "Each odd number is an L that makes a square one larger.",
    ),
    (
        "2026-11-25T18:02:00Z",
        "Sourdough in a cold kitchen",
        "My kitchen has 17 °C. How long does the dough rise?",
        "Rising about doubles its time for each 8 °C less.",
        "About ten hours instead of five; look at the dough, not at the clock.",
    ),
    (
        "2026-11-23T11:20:00Z",
        "Proof that there is no largest prime",
        "Is there a largest prime?",
        "Euclid's proof is by contradiction, not by induction: multiply all of them and add 1.",
        "No: the product of any primes, plus 1, has a prime factor that is none of them.",
    ),
    (
        "2026-10-30T15:45:00Z",
        "Strong induction and ordinary induction",
        "What is strong induction?",
        "Both are equivalent. An example with postage stamps shows it best.",
        "It may use all smaller cases, not only the one before. Induction with stamps of 4 and 5:",
    ),
)
"""Earlier conversations: when, title, question, thought, answer; the newest first."""

PINNED = "Rename files by their date"

LONG_TALK = (
    (
        "Why does this get so slow for large limits?",
        ODD_THOUGHT,
        ANSWER,
        ("primes.py", PRIMES * 3),
    ),
    ("Can it be done without so much memory?", ODD_THOUGHT, ODD_ANSWER, None),
)
"""Questions with thoughts, answers and a file: name and text."""
