"""Refuse to run where ML-KEM is missing or wrong: open a file another program wrote, then one of ours."""

from __future__ import annotations

from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm

from tocsin.core.seal.age import open_sealed, seal
from tocsin.core.seal.errors import NoPostQuantum
from tocsin.core.seal.hybrid import Identity
from tocsin.errors import SealError

_PLAINTEXT = b"tocsin: an alarm bell"
_IDENTITY = "AGE-SECRET-KEY-PQ-12A9SZXLN4FU6N7XMD74EJKPVAJT6MQYQMMQ237Y0UJDN9QUHYTHSC02L53"

# Written once by npm age-encryption 0.3.1 for the identity above, which serves no other purpose.
KNOWN_FILE = b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IG1sa2VtNzY4eDI1NTE5IDhvRmk4Yy83QTkrWmh0VHcwZWt0VUxhQzlSdE15R2Fj"
    "UTgwOFlzR3haVUdMNEFnM3BOempBMVpPeFFSZTNONXNNSkloK0xzSzFSSU14cE0vZUE1b1M3NEd4aVhCSWxmbndEc0J6dWhB"
    "WmlpT0h6U0liOEZ3cFhxckQ4RER6UGdYT1ZRTE1pdWd1cWU4SW44T051RThORG1SZ3ZrTmkxa2wwSzBLejZNQllGYTdvdUVW"
    "VXJUQ1RRRmxULzNSUTFrMDdVTStWNWtmOGcwZXczdm51SDhlYWhZVmlPNG9md1M0bzJ5UFl0WHFkNFNDUUhObnVqQTBueFE3"
    "aGxueUVSNnU2QVlubzV5YzA2VVV0cDRTeEE0Nm93cHQ2cmpzZEZWeTZzMXJyakVYb24yeHNQT3h0NTA5MmUxeDBLLzNtQW13"
    "SVBSaU9TbTRnbEtpSU12S2x2cDRyTkNockRsbmFJRERwbHRTOXJ0cUhBMXp6c2hJQ2lVUkRDNHRaOHk0N01wZUZES2tuZkF4"
    "S1NrN29OTmJDVmJPZDVZQjRPenpHZWNNY2xxc1FBN1I4WFJENFFmcjV6QlpzNytCQ3dUYlRIdjVNR011elVGOWNHeXU4b29C"
    "Z0YyTTZ0bzBPUUZwanhDQUV1L042WHJ6MFloVk9qaW5mZGw4TFVoWThoR3RvbGp5TmhSUmdKNGVqZloxZk5oRVlKZkNJVHJO"
    "NUU3cVVMYUlBTlQ3OTN2UllaeFVWTU40SHNUUGFCemtKSE5rV0pPS2U5YjRQaWJETnZpVUZNdGgvTFlqY3loMnpnMGQ1ejNl"
    "VkhRMDlwVWZNZmw0dG85YTVuQmIza2xRWXQ1VG9YM2pva0Jud0dSMnpMdFdQZDBMM21vMnlFZVNiQkxaVXBGdUdNbEllcFBI"
    "Z0VxOVBwR1I2TzJOS0gwa3dva0QvWVhDQVBzWHUra2pNMnBRYVBWMVlCUk9kejNsYUwvUERXYTV2UFhzMEluMklmZ3k0eCsr"
    "dmRGMEJjSG1UNW1TRnp6V29kakhCd1pITitlMmZBdU1zWTdDeVo4RTRPb0RCeDZzYkZSWjdXelFITHJ0UGZCUmVhbG9jbWZr"
    "VGZtU1FzRms4V3BjL0ZqU2RmclRWTHZnSVczWDVzYW5Xd2hBbnBoUUozUkRVZjJOYmRMWHhwd0ZrRkxJZkxoNjFJQmtwSTd4"
    "cHFueUZKOXFyME5veFFNRFZMVGpYN2pvVG81SW4reThCNFpRMERwVjZkU24vMnRkVWFVdUE4d1pRYVBTZTN3TGFvL0orN1NS"
    "VWp5REttMW9ad2g0VjhNMkYrUmRPTGNyeWJTS2E3OXRmbmlTUWxoZGV6NXVQR0RtTlU1WTNJbXF3TUxLWHNVOHJON09FSzIy"
    "TFhCV25yQ1J1bkFMTjV0MlRJbDl1UzF0SFk5OVVjRjVHUVE4MlBQVklvL1hqa0lEdGoyVTNaSURQdWlMa1JKTXB5SWRzTUNW"
    "NUw5aUpVZjlBZmxheGlrb1Y1aU5pSUI5ZVhpZlhIeldSa3VwZFBkQVIyclUwQVhUVnFzWGRYRlVJVEFuMkVIWkI5WnAwVGxn"
    "dW9mcG4xdTZNMFJRR2o3b2crdno0V0x6bU9jVjZ3NzYvd3ZWdXFudTkwM2NvTXhSVTNDQTYxQVBJeklQWDlRYjZGcVZNY3E5"
    "ZW45cHZxaEpmbGRvTjZqdHpROEpEUE94b2wwSjNVRmw1TklmNGFnWXlJcGZmVmV1N0N2cE12WHRiZjVzU2ZhbUlrR3lEMmR2"
    "YXAyWkYrVkZQbE9vcjVvcUQwYithL1Bzdjg1eGtZODB3N1ZZMUEyb1QzZVk1RVFCRk82cGNVakw3eWZISXNDcEJlNDNPazEr"
    "eVN4b212V1dSZEtrTlB1eXJvaXREV2t4RHlibTV4Qm5MeTdnUFhBbjFQZUlYS0xFMUphcVBqZWFPSFhXb2F4cVlma0QxWFE4"
    "YmNYQWpGY1ZTdm9jUlVQUUdTbDJFdwovRlg3bUhHZUxnNlIxTHA0WnhYcHhiU1JsT1hPQjRZVHNTRGhTNmZGRCtVCi0tLSAy"
    "YWFNM0l2MFJURXJwM0N2dm9KOURLKzB4TEFPQmxrK2xtSWs3VFFqOGtzCr9DkzJiIFo8k8QZF9MO3IuI9MbMbrL1xJnSBbIQ"
    "PWqfkPKqbEt1R6Fp8OCbAd9O/SRh+YGq"
)


def self_test(known_file: bytes = KNOWN_FILE) -> None:
    """Open a known hybrid file and seal and open another; call it before the first key is used.

    Raises
    ------
    NoPostQuantum
        This machine's `cryptography` cannot do ML-KEM-768, or does it differently from others.
    """
    try:
        identity = Identity.decode(_IDENTITY)
        is_sound = (
            open_sealed(known_file, [identity]) == _PLAINTEXT
            and open_sealed(seal(_PLAINTEXT, [identity.recipient]), [identity]) == _PLAINTEXT
        )
    except (SealError, UnsupportedAlgorithm) as trouble:
        raise NoPostQuantum from trouble
    if not is_sound:
        raise NoPostQuantum
