"""What is known about the licence of each data set, and whose paper to cite.

The agreements themselves are not public: they come with the answer to a request. What stands here is what the owners'
pages say (word for word where `quoted`), and it is a reason to be careful, not legal advice: the paper that you signed
is what holds.

Tested in tests/dataset_scripts/cards/test_sharing.py.
"""

from dataclasses import dataclass
from typing import Literal

from dataset_scripts.synthetic.config import DOMAINS

Kind = Literal["licensed", "synthetic", "own"]

_MEB = "https://github.com/tvaranka/meb/blob/main/docs/micro_expression_datasets.md"
_SIGNED = "As the datasets contain private information (faces) a license agreement needs to signed"


@dataclass(frozen=True)
class Terms:
    """The licence of one data set, as far as it is public.

    Attributes:
        title: the name of the set as its authors write it.
        statement: what is said about getting and passing on the data.
        quoted: True where `statement` is the source's own wording.
        source: the page it stands on.
        citation: the paper that users are asked to cite.
    """

    title: str
    statement: str
    quoted: bool
    source: str
    citation: str

    def sentence(self) -> str:
        """The statement with its source, in one line."""
        said = f'"{self.statement}"' if self.quoted else self.statement
        return f"{self.title}: {said} ({self.source})"


def _by_request(owner: str) -> str:
    return f"handed out by {owner}, to those who asked and signed its agreement; to nobody else through you"


TERMS: dict[str, Terms] = {
    "casme": Terms(
        "CASME",
        "To get the CASME database, please fill out the application form and upload a scanned copy of the signed "
        "license agreement.",
        True,
        "http://casme.psych.ac.cn/casme/e1",
        "Yan, Wu, Liu, Wang, Fu: CASME database: a dataset of spontaneous micro-expressions collected from neutralized "
        "faces. FG 2013, doi:10.1109/FG.2013.6553799",
    ),
    "casme2": Terms(
        "CASME II",
        _SIGNED,
        True,
        _MEB,
        "Yan, Li, Wang, Zhao, Liu, Chen, Fu: CASME II: an improved spontaneous micro-expression database and the "
        "baseline evaluation. PLOS ONE 9(1), 2014, doi:10.1371/journal.pone.0086041",
    ),
    "casme3": Terms(
        "CAS(ME)^3",
        _by_request("the Institute of Psychology, Chinese Academy of Sciences"),
        False,
        "http://casme.psych.ac.cn/casme/e4",
        "Li, Dong, Lu, Wang, Yan, Ma, Liu, Huang, Fu: CAS(ME)^3: a third generation facial spontaneous "
        "micro-expression database with depth information and high ecological validity. TPAMI 2022, "
        "doi:10.1109/TPAMI.2022.3174895",
    ),
    "casme_squared": Terms(
        "CAS(ME)^2",
        _by_request("the Institute of Psychology, Chinese Academy of Sciences"),
        False,
        "http://casme.psych.ac.cn/casme/e3",
        "Qu, Wang, Yan, Li, Wu, Fu: CAS(ME)^2: a database for spontaneous macro-expression and micro-expression "
        "spotting and recognition. IEEE Transactions on Affective Computing 9(4), 2018, doi:10.1109/TAFFC.2017.2654440",
    ),
    "samm": Terms(
        "SAMM",
        _SIGNED,
        True,
        _MEB,
        "Davison, Lansley, Costen, Tan, Yap: SAMM: a spontaneous micro-facial movement dataset. IEEE Transactions on "
        "Affective Computing 9(1), 2018, doi:10.1109/TAFFC.2016.2573832",
    ),
    "samm_long": Terms(
        "SAMM Long Videos",
        _by_request("Manchester Metropolitan University"),
        False,
        "https://doi.org/10.1109/FG47880.2020.00029",
        "Yap, Kendrick, Yap: SAMM Long Videos: a spontaneous facial micro- and macro-expressions dataset. FG 2020, "
        "doi:10.1109/FG47880.2020.00029",
    ),
    "dfme": Terms(
        "DFME",
        _by_request("its authors"),
        False,
        "https://doi.org/10.1109/TAFFC.2023.3341918",
        "Zhao, Tang, Mao, Liu, Zhang, Wang, Xu, Chen: DFME: a new benchmark for dynamic facial "
        "micro-expression recognition. IEEE Transactions on Affective Computing 2023, doi:10.1109/TAFFC.2023.3341918",
    ),
    "fourdme": Terms(
        "4DME",
        _by_request("the University of Oulu (CMVS)"),
        False,
        "https://doi.org/10.1109/TAFFC.2022.3182342",
        "Li, Cheng, Li, Behzad, Shen, Zafeiriou, Pantic, Zhao: 4DME: a spontaneous 4D micro-expression dataset with "
        "multimodalities. IEEE Transactions on Affective Computing 2022, doi:10.1109/TAFFC.2022.3182342",
    ),
    "mmew": Terms(
        "MMEW",
        "To obtain MMEW, sign the license agreement and send a scanned copy",
        True,
        "http://www.dpailab.com/database.html",
        "Ben, Ren, Zhang, Wang, Kpalma, Meng, Liu: Video-based facial micro-expression analysis: a survey of datasets, "
        "features and algorithms. TPAMI 44(9), 2022, doi:10.1109/TPAMI.2021.3067464",
    ),
    "smic": Terms(
        "SMIC",
        _SIGNED,
        True,
        _MEB,
        "Li, Pfister, Huang, Zhao, Pietikäinen: A spontaneous micro-expression database: inducement, collection and "
        "baseline. FG 2013, doi:10.1109/FG.2013.6553717",
    ),
    "smic_e": Terms(
        "SMIC-E",
        _SIGNED,
        True,
        _MEB,
        "Li, Hong, Moilanen, Huang, Pfister, Zhao, Pietikäinen: Towards reading hidden emotions: a comparative study "
        "of spontaneous micro-expression spotting and recognition methods. IEEE Transactions on Affective Computing "
        "9(4), 2018, doi:10.1109/TAFFC.2017.2667642",
    ),
    "disfa": Terms(
        "DISFA",
        _by_request("the University of Denver"),
        False,
        "https://www.mohammadmahoor.com/pages/databases/disfa/",
        "Mavadati, Mahoor, Bartlett, Trinh, Cohn: DISFA: a spontaneous facial action intensity database. IEEE "
        "Transactions on Affective Computing 4(2), 2013, doi:10.1109/T-AFFC.2013.4",
    ),
    "bp4d": Terms(
        "BP4D-Spontaneous",
        _by_request("Binghamton University"),
        False,
        "https://www.cs.binghamton.edu/~lijun/Research/3DFE/3DFE_Analysis.html",
        "Zhang, Yin, Cohn, Canavan, Reale, Horowitz, Liu, Girard: BP4D-Spontaneous: a high-resolution spontaneous 3D "
        "dynamic facial expression database. Image and Vision Computing 32(10), 2014, doi:10.1016/j.imavis.2014.06.002",
    ),
}
"""Every data set that needs a signed licence, by the name of its builder."""


def kind_of(data_set: str) -> Kind:
    """Whether a data set is under a signed licence, rendered, or somebody's own.

    Args:
        data_set: as in the column of that name.

    Returns:
        "licensed" for every set of TERMS, "synthetic" for the domains of the clip source, "own" for all else.
    """
    if data_set in TERMS:
        return "licensed"
    return "synthetic" if data_set in DOMAINS else "own"
