using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;

namespace Sidestep.Daemon.Doctor;

/// <summary>The search for the largest packet that passes along one path: a bisection that tolerates late
/// replies.</summary>
internal sealed class PacketSizeSearch
{
    /// <summary>A packet size in bytes that every path passes, with any outer header.</summary>
    internal const int SmallBytes = 200;

    /// <summary>The search ends when the result is known within this many bytes.</summary>
    internal const int GranularityBytes = 8;

    private int? _passedBytes;

    /// <summary>The smallest size that was lost; 0: none.</summary>
    private int _failedBytes;

    internal required NextHop NextHop { get; init; }

    internal required Encap Encap { get; init; }

    /// <summary>The server's own address.</summary>
    internal required IPAddress Server { get; init; }

    internal required IPAddress Vip { get; init; }

    /// <summary>Size of the largest inner packet that fits the route, bytes.</summary>
    internal required int ExpectedBytes { get; init; }

    /// <summary>The largest size that the daemon has measured, bytes; null: no smaller one than expected. The search
    /// begins with it, so that both name the same number.</summary>
    internal int? MeasuredBytes { get; init; }

    /// <summary>The result of the search so far.</summary>
    internal PacketSizeEvidence Evidence => new(ExpectedBytes, _passedBytes, RouterReport);

    /// <summary>The MTU that a router reported for a packet that was too big, with the router's address; null: none
    /// did.</summary>
    internal string? RouterReport { get; set; }

    /// <summary>True: no further size needs to be tried.</summary>
    internal bool IsComplete => _passedBytes is { } passed
        ? passed >= ExpectedBytes || _failedBytes - passed <= GranularityBytes
        : _failedBytes is > 0 and <= SmallBytes;

    /// <summary>The size to try next: the expected one, then the measured one, then a small one, then the
    /// middle between passed and lost.</summary>
    internal int NextBytes => _failedBytes == 0 ? ExpectedBytes
        : _passedBytes is { } passed ? passed == MeasuredBytes ? passed + 1 : passed + (_failedBytes - passed) / 2
        : MeasuredBytes is { } measured && measured < _failedBytes ? measured : SmallBytes;

    /// <summary>A packet of a size was answered. A late reply counts: a packet that had been taken for lost was not too
    /// big.</summary>
    internal void RecordReply(int size)
    {
        _passedBytes = Math.Max(_passedBytes ?? 0, size);
        if (_failedBytes > 0 && _failedBytes <= _passedBytes)
            _failedBytes = _passedBytes < ExpectedBytes ? ExpectedBytes : 0;
    }

    /// <summary>Records that no packet of this size got a reply.</summary>
    internal void RecordLoss(int size) => _failedBytes = _failedBytes == 0 ? size : Math.Min(_failedBytes, size);
}
