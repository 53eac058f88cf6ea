"""Questions that hold worked examples, and honest ones that look a little like it."""

from __future__ import annotations

FEW_SHOT = {
    "q and a": "Q: 2+2?\nA: 4\nQ: 3+3?\nA: 6\nQ: 4+4?\nA:",
    "q and a without the last label": "Q: 2+2?\nA: 4\n\nQ: 3+3?\nA: 6\n\nQ: 4+4?",
    "numbered": "Q1: 2+2?\nA1: 4\nQ2: 3+3?\nA2: 6\nQ3: 4+4?\nA3:",
    "lower case": "q: 2+2?\na: 4\nq: 3+3?\na: 6\nq: 4+4?\na:",
    "one line": "Q: What is 2+2? A: 4 Q: What is 3+3? A: 6 Q: What is 4+4? A:",
    "question and answer": (
        "Question: Is the sky blue?\nAnswer: yes\n\nQuestion: Is grass red?\nAnswer: no\n\n"
        "Question: Is snow white?\nAnswer:"
    ),
    "headings without colons": (
        "Question 1\nWhat is 2+2?\nAnswer\n4\n\nQuestion 2\nWhat is 3+3?\nAnswer\n6\n\n"
        "Question 3\nWhat is 4+4?\nAnswer"
    ),
    "bold labels": "**Q:** 2+2?\n**A:** 4\n\n**Q:** 3+3?\n**A:** 6\n\n**Q:** 4+4?\n**A:**",
    "markdown headings": (
        "### Input:\nhappy\n### Output:\nsad\n### Input:\ntall\n### Output:\nshort\n"
        "### Input:\nfast\n### Output:"
    ),
    "input and output": (
        "Classify the sentiment.\n\nInput: I love it\nOutput: positive\n\nInput: I hate it\n"
        "Output: negative\n\nInput: It is fine\nOutput:"
    ),
    "question mark for the answer": "Input: cat\nOutput: chat\nInput: dog\nOutput: chien\n"
    "Input: bird\nOutput: ?",
    "example headings": (
        "Example 1:\nInput: cat\nOutput: chat\n\nExample 2:\nInput: dog\nOutput: chien\n\n"
        "Now:\nInput: bird\nOutput:"
    ),
    "example headings inline": (
        "Example 1: Input: cat Output: chat\nExample 2: Input: dog Output: chien\n\n"
        "Now translate: bird"
    ),
    "now it is your turn": (
        "Q: Capital of France?\nA: Paris\nQ: Capital of Italy?\nA: Rome\n\n"
        "Your turn: what is the capital of Spain?"
    ),
    "what about": "Q: Capital of France?\nA: Paris\nQ: Capital of Italy?\nA: Rome\n"
    "What about Spain?",
    "chain of thought": (
        "Q: Roger has 5 balls and buys 2 cans of 3. How many has he?\n"
        "A: Roger started with 5 balls. 2 cans of 3 are 6. 5 + 6 = 11. The answer is 11.\n\n"
        "Q: The cafeteria had 23 apples, used 20 and bought 6. How many are there?\n"
        "A: 23 - 20 = 3. 3 + 6 = 9. The answer is 9.\n\n"
        "Q: There are 15 trees. After planting there are 21. How many were planted?\nA:"
    ),
    "let us think": "Q: 2+2?\nA: 4\nQ: 3+3?\nA: 6\nQ: 14*3?\nA: Let's think step by step.",
    "user and assistant": (
        "User: Hi\nAssistant: Hello, how can I help?\nUser: What is 2+2?\nAssistant: 4.\n"
        "User: And 3+3?\nAssistant:"
    ),
    "human and ai": "Human: Hi\nAI: Hello.\nHuman: Who are you?\nAI: A bot.\nHuman: Why?\nAI:",
    "separated by hashes": (
        "Text: great film\nLabel: positive\n###\nText: bad film\nLabel: negative\n###\n"
        "Text: a film\nLabel:"
    ),
    "questions separated by hashes": "Q: a?\nA: b\n###\nQ: c?\nA: d\n###\nQ: e?\nA:",
    "separated by rules": "Q: a?\nA: b\n---\nQ: c?\nA: d\n---\nQ: e?",
    "labels of one's own": (
        "Review: The food was great.\nSentiment: positive\nReview: Cold soup.\n"
        "Sentiment: negative\nReview: It was all right.\nSentiment:"
    ),
    "languages": "English: cat\nFrench: chat\n\nEnglish: dog\nFrench: chien\n\n"
    "English: bird\nFrench:",
    "arrows": "sea otter => loutre de mer\npeppermint => menthe poivrée\ncheese =>",
    "thin arrows": "Translate English to French.\ncat -> chat\ndog -> chien\nbird ->",
    "unicode arrows": "apple → fruit\ncarrot → vegetable\nsalmon → fish\nbread → ?",
    "arrows in examples": "Example 1: hot -> cold\nExample 2: big -> small\nNow: fast ->",
    "problem and solution": (
        "Problem: x + 1 = 2\nSolution: x = 1\nProblem: x + 2 = 5\nSolution: x = 3\n"
        "Problem: x + 4 = 9\nSolution:"
    ),
    "instruction and response": (
        "Instruction: say hi\nResponse: hi\nInstruction: say bye\nResponse: bye\n"
        "Instruction: say yes\nResponse:"
    ),
    "tags": "<example>in: a out: b</example>\n<example>in: c out: d</example>\nin: e",
    "tags with numbers": (
        '<example id="1">\na is b\n</example>\n<example id="2">\nc is d\n</example>\ne is'
    ),
    "follow the pattern": "Follow the pattern.\nQ: cat\nA: chat\nQ: dog\nA: chien\nQ: bird\nA:",
    "translate the following": (
        "Translate the following to French.\nEnglish: cat\nFrench: chat\nEnglish: dog\n"
        "French: chien\nEnglish: bird\nFrench:"
    ),
    "summaries": (
        "Summarize each article.\nArticle: It rained.\nSummary: Rain.\nArticle: It snowed.\n"
        "Summary: Snow.\nArticle: The sun shone.\nSummary:"
    ),
    "spam": (
        "Classify the emails.\nEmail: Win money!\nLabel: spam\nEmail: Lunch?\nLabel: ham\n"
        "Email: Free pills\nLabel:"
    ),
    "问 and 答": "问：2+2等于几？\n答：4\n问：3+3等于几？\n答：6\n问：4+4等于几？\n答：",
    "问题 and 答案": (
        "问题1：法国的首都？\n答案1：巴黎\n问题2：意大利的首都？\n答案2：罗马\n问题3：西班牙的首都？"
    ),
    "输入 and 输出": "输入：猫\n输出：cat\n输入：狗\n输出：dog\n输入：鸟\n输出：",
    "示例": "示例1：\n输入：猫\n输出：cat\n示例2：\n输入：狗\n输出：dog\n\n现在翻译：鸟",
    "中文 labels of one's own": "评论：很好吃\n情感：正面\n评论：太难吃了\n情感：负面\n"
    "评论：还可以\n情感：",
    "in a list": "- Q: a?\n- A: b\n- Q: c?\n- A: d\n- Q: e?\n- A:",
    "working before the answer": (
        "Question: Natalia sold 48 clips in April and half as many in May. How many in total?\n"
        "Let's think step by step\n48/2=24. 48+24=72.\nAnswer: 72\n\n"
        "Question: Weng earns $12 an hour and worked 50 minutes. How much?\n"
        "Let's think step by step\n12/60=0.2. 0.2*50=10\nAnswer: 10\n\n"
        "Question: Betty has half of $100. How much more?\n"
    ),
    "titles": (
        "Generate a title.\n\nArticle: Cats sleep a lot.\nTitle: Sleepy cats\n\n"
        "Article: Dogs bark.\nTitle: Loud dogs\n\nArticle: Birds sing.\nTitle:"
    ),
    "json for the answer": (
        'Extract to JSON.\nText: Ann is 5\nJSON: {"name": "Ann", "age": 5}\n'
        'Text: Ben is 6\nJSON: {"name": "Ben", "age": 6}\nText: Cem is 7\nJSON:'
    ),
    "sql for the answer": (
        "Input: all users\nOutput: SELECT * FROM users\n\nInput: count of users\n"
        "Output: SELECT count(*) FROM users\n\nInput: oldest user\nOutput:"
    ),
    "backticks": "Q: `a`\nA: `b`\n\nQ: `c`\nA: `d`\n\nQ: `e`\nA:",
    "quotes": '"I love it" -> positive\n"I hate it" -> negative\n"meh" ->',
    "parens": ("hot (adjective) -> cold\nbig (adjective) -> small\nfast (adjective) ->"),
    "numbered list": (
        "1. Input: cat\n   Output: chat\n2. Input: dog\n   Output: chien\n3. Input: bird\n"
        "   Output:"
    ),
    "bracket": "[Q]: a?\n[A]: b\n[Q]: c?\n[A]: d\n[Q]: e?\n[A]:",
    "fullwidth": "Q：1+1？\nA：2\nQ：2+2？\nA：4\nQ：3+3？\nA：",
    "now do it for": (
        "Here are two examples:\nInput: cat\nOutput: chat\nInput: dog\nOutput: chien\n\n"
        "Now do it for: bird"
    ),
    "three labels": (
        "Premise: A man sleeps.\nHypothesis: A man is awake.\nLabel: contradiction\n\n"
        "Premise: A dog runs.\nHypothesis: An animal moves.\nLabel: entailment\n\n"
        "Premise: It rains.\nHypothesis: It is wet.\nLabel:"
    ),
    "antonyms": ("Word: happy\nAntonym: sad\n\nWord: tall\nAntonym: short\n\nWord: fast\nAntonym:"),
    "human and assistant": (
        "Human: What is 2+2?\n\nAssistant: 4\n\nHuman: What is 3+3?\n\nAssistant: 6\n\n"
        "Human: What is 4+4?"
    ),
    "german labels": (
        "Frage: Hauptstadt von Frankreich?\nAntwort: Paris\nFrage: Hauptstadt von Italien?\n"
        "Antwort: Rom\nFrage: Hauptstadt von Spanien?\nAntwort:"
    ),
    "answer is a question mark": (
        "Question: a?\nAnswer: b\nQuestion: c?\nAnswer: d\nQuestion: e?\nAnswer: ?"
    ),
    "中文 sentences": (
        "句子：今天很开心\n情绪：积极\n\n句子：今天很难过\n情绪：消极\n\n句子：还行吧\n情绪："
    ),
    "countries": "Paris -> France\nTokyo -> Japan\nNairobi -> ?",
    "原文 and 译文": "原文：你好\n译文：Hello\n原文：再见\n译文：Goodbye\n原文：谢谢\n译文：",
}

_FAQ = (
    "Q: When are you open?\nA: From 9 to 5.\nQ: Do you ship abroad?\nA: Yes.\n"
    "Q: Can I pay by card?\nA: Yes, by all of them.\n"
)
_LEETCODE = (
    "Given an array of integers nums and an integer target, return indices of the two numbers "
    "such that they add up to target.\n\nExample 1:\nInput: nums = [2,7,11,15], target = 9\n"
    "Output: [0,1]\nExplanation: nums[0] + nums[1] == 9.\n\nExample 2:\n"
    "Input: nums = [3,2,4], target = 6\nOutput: [1,2]\n\nExample 3:\nInput: nums = [3,3], "
    "target = 6\nOutput: [0,1]\n\nConstraints:\n2 <= nums.length <= 10^4\n"
)
_CHAT = "User: Hi\nAssistant: Hello.\nUser: My order is late.\nAssistant: Sorry about that.\n"

LONG_INTERVIEW = (
    "\n".join(
        f"Q: {'How did that begin, and what came of it? ' * 10}\n"
        f"A: {'Well, it was a long time ago. ' * 60}"
        for _ in range(12)
    )
    + "\nQ: Thank you. One last question: would you do it again?"
)

HONEST = {
    "plain": "What is 2+2?",
    "empty": "",
    "one q": "Q: What is the capital of France?",
    "one q and a": "Q: What is the capital of France?\nA:",
    "one worked and an open one": "Q: 2+2?\nA: 4\nQ: 3+3?\nA:",
    "a word problem": "Question: A train leaves at 9:15 and arrives at 11:40. How long is it?",
    "several questions": "Question 1: What is 2+2?\nQuestion 2: What is 3+3?\nQuestion 3: Why?",
    "questions in a list": "1. What is a monad?\n2. What is a functor?\n3. How do they differ?",
    "multiple choice": (
        "Question: Which planet is largest?\nA: Mars\nB: Jupiter\nC: Venus\nD: Earth\n"
        "Give the letter."
    ),
    "multiple choice with full stops": "Q. Which is prime?\nA. 4\nB. 6\nC. 7\nD. 9",
    "two multiple choice questions": (
        "Question 1: Which is prime?\nA: 4\nB: 7\n\nQuestion 2: Which is even?\nA: 2\nB: 3"
    ),
    "a faq to summarise": f"Summarise this FAQ in two sentences.\n\n{_FAQ}",
    "a faq and a task after it": f"{_FAQ}\nSummarise the above in two sentences.",
    "a faq alone": _FAQ,
    "a faq and a question": f"{_FAQ}\nBased on this, can I order from Norway?",
    "a faq and a labelled question": f"{_FAQ}\nQuestion: can I order from Norway?",
    "a faq to translate": f"Translate the following into German:\n\n{_FAQ}",
    "a faq to proofread": f"{_FAQ}\nNow proofread the text above.",
    "an interview": (
        "Here is an interview. What does she think of schools?\n\nQ: Where did you grow up?\n"
        "A: In Leeds.\nQ: Did you like school?\nA: Not at all.\nQ: And later?\nA: I taught."
    ),
    "an interview that ends with a question": (
        "Which tone has this interview?\nQ: Where did you grow up?\nA: In Leeds.\n"
        "Q: Did you like school?\nA: Not at all.\nQ: Why not?"
    ),
    "a long interview": LONG_INTERVIEW,
    "a programming problem": _LEETCODE,
    "a programming problem and a task": f"{_LEETCODE}\nNow write a Python function for it.",
    "a task before a programming problem": f"Solve in Rust, and explain.\n\n{_LEETCODE}",
    "what about its complexity": f"{_LEETCODE}\nWhat about an algorithm that sorts first?",
    "examples of a function": (
        "Write a function that reverses words.\nInput: hello world\nOutput: world hello\n"
        "Input: a b c\nOutput: c b a"
    ),
    "a chat log": f"Did the agent behave well in this chat log?\n\n{_CHAT}User: Thanks!",
    "a chat log with a question after it": f"{_CHAT}\nWas the assistant polite?",
    "a dialogue to translate": f"Translate this dialogue into French:\n{_CHAT}User: Thanks!",
    "a screenplay": "Continue the screenplay.\nANNA: Who is it?\nBEN: Me.\nANNA: Go.\nBEN: No.",
    "a form": "Name: Ann\nAge: 31\nTown: Leeds\nWrite a letter to her.",
    "a form to fill in": "Fill in for a cat:\nName:\nAge:\nColour:",
    "records": "Name: Ann\nAge: 31\nName: Ben\nAge: 40\nName: Cem\nAge: 22\nWho is oldest?",
    "yaml": "What is wrong here?\nhost: a\nport: 1\nhost: b\nport: 2\nhost: c\nport:",
    "an e-mail": "From: Ann\nTo: Ben\nSubject: Lunch\n\nAre you free?\n\nWrite a reply.",
    "an e-mail thread": (
        "Answer this thread.\nFrom: Ann\nSubject: Lunch\nFrom: Ben\nSubject: Re: Lunch\n"
        "From: Ann\nSubject:"
    ),
    "python": "Why does this fail?\n\ntry:\n    a()\nexcept:\n    b()\ntry:\n    c()\nexcept:",
    "python doctest": ">>> f(1)\n2\n>>> f(2)\n4\n>>> f(3)\nWhat does f do?",
    "code in a fence": "Explain:\n```\nQ: a?\nA: b\nQ: c?\nA: d\nQ: e?\nA:\n```",
    "type signatures": "Explain these.\nmap :: (a -> b) -> [a] -> [b]\nid :: a -> a\nf :: a ->",
    "rust": "fn a() -> u8 {\nfn b() -> u16 {\nfn c() -> u32 {\nWhich is right?",
    "arrow functions": "const a = (x) =>\n  x + 1\nconst b = (x) =>\n  x + 2\nAre these equal?",
    "chemistry": "Balance these:\nH2 + O2 -> H2O\nFe + O2 -> Fe2O3\nCH4 + O2 -> CO2 + H2O",
    "a number puzzle": "2 -> 4\n3 -> 9\n4 -> 16\n5 -> ?",
    "a puzzle": "Find the rule: cat -> 3\nhorse -> 5\nbird -> ?",
    "a pattern to guess": (
        "What is the pattern?\nInput: 2\nOutput: 4\nInput: 3\nOutput: 9\nInput: 5"
    ),
    "commit history": "a1 -> b2\nb2 -> c3\nc3 -> d4\nIs this a cycle?",
    "a recipe": "Ingredients: eggs, milk\nTime: 10 minutes\nServings: 2\nCan I use oat milk?",
    "markdown": "# Title\n\n## Question\n\nWhat is it?\n\n## Answer\n\nA thing.\n\nIs it well put?",
    "a heading each": "# Input\nthe files\n# Output\nthe report\n\nDraw this flow.",
    "an outline": "Problem: bees die\nSolution: plant flowers\n\nWrite an essay from this.",
    "problems and solutions": (
        "Problem: bees die\nSolution: plant flowers\nProblem: rivers dry\nSolution: use less\n\n"
        "Write an essay from this."
    ),
    "i/o of a tool": "The input: a CSV. The output: a plot. How do I do it in R?",
    "an answer to check": "Question: What is 7*8? Answer: 54. Is that right?",
    "two answers to check": "Q: 7*8?\nA: 54\nQ: 6*7?\nA: 42\n\nWhich are right?",
    "homework": "Check my homework.\nQ: 7*8?\nA: 54\nQ: 6*7?\nA: 42\nQ: 9*9?\nA:",
    "for example": "Give me words like these. Example: cat. Example: dog. Example: cow.",
    "html": "<p>Example</p><p>Example</p> Why is there no space?",
    "times": "Mon: 9:00\nTue: 10:00\nMon: 11:00\nTue: 12:00\nHow many hours is that?",
    "hashes": "Part one\n###\nPart two\n###\nPart three\nWhich part is longest?",
    "问一个问题": "问：法国的首都是哪里？",
    "中文 faq": "请总结：\n问：几点开门？\n答：九点。\n问：几点关门？\n答：五点。\n问：周日呢？",
    "中文 plain": "请问：2+2等于几？答案是什么？",
    "中文 interview": (
        "这段采访说了什么？\n问：你好吗？\n答：好。\n问：你忙吗？\n答：忙。\n问：为什么？"
    ),
    "中文 list": "姓名：张三\n年龄：30\n城市：北京\n给他写一封信。",
    "proof": ("Let f: A -> B and g: B -> C be injective. Show that g∘f: A -> C is injective."),
    "maps": "f: A -> B\ng: B -> C\nh: A ->",
    "tests": (
        "My tests fail:\nInput: 3\nExpected: 9\nGot: 6\nInput: 4\nExpected: 16\nGot: 8\n"
        "What is wrong?"
    ),
    "io list": (
        "Problem statement. Input: first line n. Output: one number.\nSample Input 1:\n3\n"
        "Sample Output 1:\n6\nSample Input 2:\n4\nSample Output 2:\n10\nWrite C++."
    ),
    "codeforces": (
        "Input\nThe first line has n.\nOutput\nPrint the sum.\nExample\nInput\n3\nOutput\n"
        "6\nInput\n4\nOutput\n10\nNote\nIn the first test 1+2+3=6."
    ),
    "atcoder now": ("Input\n3\nOutput\n6\nInput\n4\nOutput\n10\nWhat about large n, is O(n) fine?"),
    "whatsapp": (
        "[10:01] Ann: hi\n[10:02] Ben: hey\n[10:03] Ann: lunch?\n[10:04] Ben: sure\n[10:05] Ann:"
    ),
    "drama": (
        "ROMEO: Ay me\nJULIET: O Romeo\nROMEO: Shall I hear more\nJULIET: Deny thy father\nROMEO:"
    ),
    "lyrics": ("Verse: la la\nChorus: na na\nVerse: da da\nChorus: na na\nWrite a second verse."),
    "log": (
        "ERROR: disk full\nINFO: retry\nERROR: disk full\nINFO: retry\nERROR: disk full\nINFO:"
    ),
    "headers": "Host: a.com\nAccept: */*\nWhat do these headers mean?",
    "exam": (
        "Question 1: State Ohm's law. (2 marks)\nQuestion 2: Define power. (1 mark)\n"
        "Mark my answers.\nAnswer 1: V=IR\nAnswer 2: P=VI"
    ),
    "user story": ("User: shopper\nGoal: pay fast\nUser: admin\nGoal: refund\nWrite tickets."),
    "quoting": ("He asked 'Q: why? A: because. Q: but why? A: because.' Is that funny?"),
    "joke": (
        "Q: Why did the chicken cross the road?\nA: To get to the other side.\n"
        "Q: Why did the duck?\nA: It was the chicken's day off.\n\n"
        "Tell me ten more like these."
    ),
    "joke2": "Explain these jokes.\nQ: a?\nA: b\nQ: c?\nA: d",
    "pairs": ("Pros: cheap\nCons: slow\nPros: fast\nCons: dear\nWhich would you take?"),
    "git": "a.txt -> b.txt\nc.txt -> d.txt\nWrite a shell script to rename.",
    "flow": ("Start -> Login -> Home\nHome -> Settings -> Logout\nDraw it in mermaid."),
    "state": ("State machine:\nidle -> running\nrunning -> idle\nrunning ->\nWhat is missing?"),
    "haskell": "data T = A | B\nf A -> 1\nf B -> 2\nWhy a parse error?",
    "llm dev": (
        "I train a bot. User: and Assistant: are my role labels. Should I mask User: turns?"
    ),
    "prompt help": "Improve this prompt:\n```\nQ: a\nA: b\nQ: c\nA: d\nQ:\n```",
    "bilingual": (
        "English: The cat sleeps.\nGerman: Die Katze schläft.\nIs the translation right?"
    ),
    "table": ("Year: 2001\nSales: 5\nYear: 2002\nSales: 7\nYear: 2003\nSales: 9\nFit a line."),
    "predict": "Year: 2001\nSales: 5\nYear: 2002\nSales: 7\nYear: 2003\nSales:",
    "zh log": "问题：登录失败\n原因：密码错误\n问题：无法付款\n原因：余额不足\n请写一份报告。",
    "zh support": "用户：你好\n助手：您好\n用户：订单没到\n助手：抱歉\n以上客服表现如何？",
    "support": ("Customer: late\nAgent: sorry\nCustomer: refund\nAgent: sure\nRate the agent."),
    "review it": "Please review my Q&A page.\nQ: a?\nA: b\nQ: c?\nA: d\nQ: e?\nA: f",
    "medical": (
        "Q: Any pain?\nA: Yes\nQ: Where?\nA: Knee\nQ: Since when?\nA: May\nWhat could it be?"
    ),
    "medical now": "Q: Any pain?\nA: Yes\nQ: Where?\nA: Knee\n\nNow what could it be?",
    "what if": "Q: x?\nA: 1\nQ: y?\nA: 2\n\nWhat about the sum, is it 3?",
    "options without a fence": (
        "open({\n  input: a,\n  output: b,\n});\nopen({\n  input: c,\n  output: d,\n});\n"
        "open({\n  input: e,\n});"
    ),
    "parameters without a fence": (
        "def a(\n    prompt: Prompt,\n    response: Response,\n):\n    ...\ndef b(\n"
        "    prompt: Prompt,\n    response: Response,\n):\n    ...\ndef c(\n    prompt: str = '',"
    ),
    "an address in angle brackets": "Is <example.com> or <example.org> safe?",
    "a tag in a question": "What does <example> do, and must I close it by </example>?",
    "a form of answers": (
        "Use this format:\nQuestion: <text>\nAnswer: <text>\nQuestion: <text>\nAnswer: <text>\n"
        "Question: <text>"
    ),
    "a form in words": (
        "Write Q&A pairs like this:\nQ: question\nA: answer\nQ: question\nA: answer\nQ: question"
    ),
    "answers to one's own code": (
        "Here is what I tried.\nInput: 2 4 6\nOutput: 12\nInput: 1 3\nOutput: 5\n"
        "The second is wrong. Where is my bug?"
    ),
    "premises": "Premise: all men are mortal.\nPremise: Socrates is a man.\nConclusion:",
    "implications": "p -> q\nq -> r\nr -> s\nDoes p -> s hold?",
    "中文 step by step": "问题：小明有5个苹果，吃了2个，还剩几个？请一步一步思考。",
}
