"""How a sentence of reasoning begins: with a doubt, another idea, a check, a conclusion."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["start", "turn", "alternative", "check", "conclusion", "step"]
"""What a step of reasoning does: "turn" is a change of mind, "step" anything without a sign."""

HEAD_CHARACTERS = 120
"""Of a sentence, all that is looked at."""


class Opening(NamedTuple):
    """How a sentence begins."""

    kind: Kind
    is_strong: bool = False
    """It begins a step in the middle of a paragraph, too; "so" and "maybe" are everyday words."""


def opening(sentence: str) -> Opening:
    """What the first words say; `kind` is never "start".

    "Wait, let me check" is a check and "But maybe" an alternative: the words that say more
    count. "But" alone says little: most of the time it only goes on; "No" answers a question.
    """
    words = sentence[:HEAD_CHARACTERS].lstrip(_ORNAMENTS).lower().replace("’", "'")
    lead = _LEADS.match(words)
    assert lead is not None  # it matches nothing as well
    led, rest = lead.group(), words[lead.end() :]
    if _CHECK.match(rest):
        return Opening("check", is_strong=True)
    if _ALTERNATIVE.match(rest):
        return Opening("alternative", is_strong=True)
    if _PERHAPS.match(rest):
        return Opening("alternative")
    if _TURN.match(rest) or _DOUBT.search(led):
        return Opening("turn", is_strong=True)
    return _quieter(led, rest)


def _quieter(led: str, rest: str) -> Opening:
    concludes = bool(_SO.search(led))
    if _HESITATION.search(led):
        plain = concludes or (_PLAN.match(rest) and not _OBJECTION.search(led))
        return Opening("step") if plain else Opening("turn", is_strong=True)
    if _CONCLUSION.match(rest) or (concludes and not _PLAN.match(rest)):
        return Opening("conclusion")
    return Opening("step")


_ORNAMENTS = " \t\n*_#>-–—•\"'“‘(（「《"

_SO = re.compile(r"\bso\b|所以|因此|那么")
_HESITATION = re.compile(r"\bh+m+\b|\bum+\b|嗯")
_OBJECTION = re.compile(r"\bbut\b|\bhowever\b|但是|不过|可是|然而")
_DOUBT = re.compile(
    r"\b(?:wait|hold on|hang on)\b|等等|等一下|等一等|稍等|慢着|且慢|不对|不不|哦不|糟糕"
)

_LEADS = re.compile(
    r"(?:(?:(?:okay|ok|alright|all right|oh|ah|aha|well|now|and|yes|yeah|but|however|so|then"
    r"|h+m+|um+|wait(?! (?:for|until|times?)\b)(?: a (?:minute|second|moment))?|hold on|hang on)\b"
    r"|(?:no|right|good|great)(?=\s*[,.!…—])"
    r"|嗯+|哦(?!不)|啊|好的|好吧|好(?=[，,])|那么|那(?=[，,])|但是|不过|可是|然而|所以|因此"
    r"|等等|等一下|等一等|稍等|慢着|且慢|不对|不不|哦不|糟糕|不(?=[，,。])"
    r")[\s,.!…—?:，。！、：？]*)*"
)
"""Words before those that say something; some of them say something themselves."""

_LET_ME = (
    r"(?:(?:let me|let's|let us|i(?:'ll| will| should| need to| want to| have to| can|'d better)?"
    r"|we(?:'ll| will| should| need to| can)?|maybe i should|just|to|should i)"
    r"\s+(?:just |quickly |also |now |first |try to |go back and |actually )*)"
)
_CHECK = re.compile(
    rf"{_LET_ME}?(?:double[- ]?check|cross[- ]?check|re-?check|sanity[- ]check|check|verify|verif"
    r"|re-?verify|confirm|validate|re-?examine|re-?calculate|re-?compute|re-?count)(?:y?ing)?\b"
    rf"|{_LET_ME}(?:make sure|be sure|see (?:if|whether) (?:that|this|it)"
    r"|test (?:this|that|it|with|the)|go (?:over|through) (?:this|that|it|the .{1,20}) again)\b"
    r"|(?:as a|quick|one (?:last|more)) (?:sanity )?check\b|plugging\b.{0,30}\bback\b"
    r"|(?:(?:让我|我们|我来|我|先|再|需要|应该|来|最好|可以|还是|仔细|重新|最后)*)"
    r"(?:检查|验证|确认|核对|检验|验算|核实|复查|再算一[遍次]|重新算|代入(?:检验|验证|原))"
)
_ALTERNATIVE = re.compile(
    r"alternatively\b|on the other hand\b|instead,"
    r"|(?:is there |there(?:'s| is| might be| could be| must be) )?(?:another|a different"
    r"|a better|a simpler) (?:way|approach|idea|method|option|possibility|thought|angle"
    r"|interpretation|strategy|route)\b"
    rf"|{_LET_ME}(?:try|think of|consider|look for|use) (?:another|a different|something else"
    r"|an alternative)\b"
    r"|或者|另外|另一[种个方]|换一?[种个]|还有(?:一种|另)|要不然?|再试|试试(?:另|别)|别的(?:方法|思路|办法)"
)
_PERHAPS = re.compile(
    r"(?:or )?(?:maybe|perhaps)\b|what if\b|or (?:i|we) could\b|也许|或许|说不定|会不会"
)
_TURN = re.compile(
    r"actually\b|on second thoughts?\b|scratch that\b|not (?:quite|so fast|exactly)\b"
    r"|(?:that|this|it)(?:'s| is| seems| can't| cannot| doesn't| does not| isn't| wouldn't)"
    r" (?:be (?:right|correct|possible)|not (?:right|correct|quite|possible|true|what)"
    r"|wrong|incorrect|impossible|seem right|work|make sense|add up|right\?|correct\?|odd|strange)"
    r"|(?:is|does|was) (?:that|this|it) (?:right|correct|really|make sense)"
    r"|i(?:'ve| have| think i)? ?(?:made an? (?:mistake|error)|was wrong|am wrong|misread|messed up"
    r"|forgot|overlooked|confused)\b|my mistake\b"
    r"|其实|实际上|事实上|这(?:样|里)?(?:不对|有问题|错了|好像不)|我(?:刚才|之前|前面)?(?:弄|搞|算|看|想|漏)?错"
    r"|好像(?:不对|错|有问题)|我(?:忘|忽略|漏)"
)
_CONCLUSION = re.compile(
    r"(?:therefore|thus|hence|consequently|in conclusion|in summary|in short|overall|finally"
    r"|to (?:summari[sz]e|sum up|conclude)|putting (?:it|this|that|everything) (?:all )?together"
    r"|(?:the|my) (?:final )?answer (?:is|must|should|would)|final answer|(?:that|this|which) means"
    r"|it follows|as a result|(?:i|we)(?:'m| am| can)? (?:conclude|confident))\b"
    r"|综上|总之|总的来说|总结|由此|于是|可见|最终|答案(?:是|应该|为|就是)|最后.{0,3}答案|结论|这意味着|也就是说|这说明"
)
_PLAN = re.compile(
    r"(?:i (?:need|have|want|should|think|can|know|remember)|we (?:need|have|want)|let me|let's"
    r"|let us|how|what|which|why|where|the (?:question|problem|user|task|first)|if|first|for"
    r"|in this|maybe|far)\b|我(?:需要|们需要|要|们要|得|先)|让我|首先|题目|问题|如果|怎么|如何"
)
"""What follows "so" where nothing is concluded yet."""
