"""Terms whose characters are read otherwise than the dictionary says are found as people type them."""

from __future__ import annotations

import pytest

from xinglin.terminology.spelling import HEAD, term_keys

READ = """川芎 cx 莪术 ez 重楼 cl 射干 sg 阿胶 ej 白术 bz 苍术 cz 大黄 dh 没药 my 薄荷 bh
枳壳 zq 荜茇 bb 佛手 fs 女贞子 nzz 人参 rs 丹参 ds 玄参 xs 葛根 gg 蛤蚧 gj 海蛤壳 hgq
藏红花 zhh 番泻叶 fxy 柏子仁 bzr 侧柏叶 cby 血竭 xj 海螵蛸 hpx 桑螵蛸 spx 龟甲 gj 炮姜 pj 降香 jx
厚朴 hp 巴戟天 bjt 骨骼 gg 腺样体 xyt 单核细胞 dhxb 核磁共振 hcgz 脑卒中 ncz 便血 bx 咯血 kx 血压 xy
高血压 gxy 颈椎病 jzb 强直性脊柱炎 qzxjzy 降钙素原 jgsy 处方 cf 重症 zz 重度 zd 重复 cf 呃逆 en 癥瘕 zj
疟疾 nj 踝关节 hgj 膀胱 pg 畸胎瘤 jtl 粘膜 nm 调节 tj 失调 st 恶心 ex 恶寒 wh 出血热 cxr
长期 cq 行业 hy 数脉 sm"""
PAIRS = list(zip(READ.split()[::2], READ.split()[1::2], strict=True))


@pytest.mark.parametrize(("term", "initials"), PAIRS, ids=[term for term, _ in PAIRS])
def test_usual_reading_ranks_first(term, initials):
    whole = [key for key in term_keys("x", term) if key.initials and len(key.initials) == len(term)]

    first = min(whole, key=lambda key: key.weight)
    assert first.initials == initials
    assert first.weight // 100 == HEAD
