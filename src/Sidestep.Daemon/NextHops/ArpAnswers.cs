using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>Who answered for which address since the last question.</summary>
internal sealed class ArpAnswers : IDisposable
{
    /// <summary>A storm of answers must not keep the caller from its other work; the rest comes at the next call.</summary>
    private const int MostAtOnce = 10_000;

    private readonly FrameReceiver _receiver = FrameReceiver.Open((ushort)EtherType.Arp);
    private readonly Dictionary<(int Interface, Ipv4Address Address), HashSet<MacAddress>> _heard = [];

    /// <summary>A new question: earlier answers do not count.</summary>
    internal void Forget() => _heard.Clear();

    /// <summary>Takes in what came.</summary>
    /// <returns>True when there was an answer.</returns>
    internal bool Hear()
    {
        Span<byte> frame = stackalloc byte[EthernetPacket.HeaderLength + ArpPacket.Length];
        var any = false;
        for (var i = 0; i < MostAtOnce && _receiver.TryReceive(frame, out var interfaceIndex) is var length and > 0; i++)
        {
            if (!EthernetPacket.TryParse(frame[..length], out var ethernet) || !ArpPacket.TryParse(ethernet.Payload, out var arp)
                || arp.Operation != ArpOperation.Reply || arp.TargetMac != ethernet.Destination)
                continue;
            var key = (interfaceIndex, arp.SenderAddress);
            if (!_heard.TryGetValue(key, out var macs))
                _heard.Add(key, macs = []);
            macs.Add(arp.SenderMac);
            any = true;
        }
        return any;
    }

    /// <summary>All that answered for an address.</summary>
    internal IReadOnlySet<MacAddress> For(int interfaceIndex, Ipv4Address address) =>
        _heard.TryGetValue((interfaceIndex, address), out var macs) ? macs : new HashSet<MacAddress>();

    public void Dispose() => _receiver.Dispose();
}
