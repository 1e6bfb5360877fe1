using System.Net;
using Sidestep.ConformanceTests.Cases;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Hardness;

/// <summary>Whether a frame may be sent out, whatever came in: nothing but what the configuration names stands in its headers,
/// no length goes beyond it, and no checksum is wrong that was not wrong before. Written from the RFCs, without the product.</summary>
internal sealed class FrameJudge
{
    private readonly Given _given;
    private readonly HashSet<string> _ownMacs;
    private readonly Dictionary<IPAddress, NextHop> _servers;
    private readonly AnswerJudge _answers;

    public FrameJudge(Given given)
    {
        _given = given;
        _ownMacs = [.. given.NextHops.Interfaces.Select(static i => $"{i.Mac}")];
        _servers = given.Configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.Address).Distinct()
            .Where(given.NextHops.Servers.ContainsKey).ToDictionary(static a => a, a => given.NextHops.Servers[a]);
        _answers = new AnswerJudge(given);
    }

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Complaint(byte[] input, byte[] output)
    {
        var (came, goes) = (Seen.Read(input), Seen.Read(output));
        if (!_ownMacs.Contains(Text(goes.From)))
            return "its source MAC address is none of the director's";
        if (!came.Tags.SequenceEqual(goes.Tags))
            return "its VLAN tags are not those that it came with";
        if (output.AsSpan(12).SequenceEqual(input.AsSpan(12)))
            return _servers.Values.Any(h => Text(goes.To) == $"{h.Neighbour}") ? null : "its destination MAC address is no server's";
        if (came.Datagram() is { } inner && goes.Datagram() is { } outer
            && _servers.TryGetValue(Seen.Destination(outer), out var hop) && EncapsulationComplaint(goes, outer, inner, hop) is var complaint
            && (complaint is null || !Seen.Destination(outer).Equals(Seen.Source(inner))))
            return complaint;
        return _answers.Complaint(came, goes);
    }

    private string? EncapsulationComplaint(Seen goes, byte[] outer, byte[] inner, NextHop hop)
    {
        if (Text(goes.To) != $"{hop.Neighbour}")
            return "its destination MAC address is not that of the way to its server";
        if (outer.Length > hop.Egress.MtuBytes)
            return "it is longer than the MTU";
        if (!IsOuterSource(Seen.Source(outer), hop))
            return $"nothing names its outer source {Seen.Source(outer)}";
        if (!Seen.HasRightHeader(outer))
            return "its outer header checksum is wrong";
        if (HeaderComplaint(outer, TrafficClass(inner)) is { } complaint)
            return complaint;
        var isIpv4 = outer[0] >> 4 == 4;
        var start = isIpv4 ? 20 : 40;
        var innerIsIpv4 = inner[0] >> 4 == 4;
        var carries = (isIpv4 ? outer[9] : outer[6]) switch
        {
            4 => innerIsIpv4 ? 0 : -1,
            41 => innerIsIpv4 ? -1 : 0,
            47 => Seen.U16(outer, start) == 0 && Seen.U16(outer, start + 2) == (innerIsIpv4 ? 0x0800 : 0x86dd) ? 4 : -1,
            17 => GueLength(outer, start, innerIsIpv4),
            _ => -1,
        };
        if (carries < 0)
            return "what stands between outer header and datagram is wrong";
        return outer.AsSpan(start + carries).SequenceEqual(inner) ? null : "the datagram inside is not the one that came";
    }

    private static string? HeaderComplaint(byte[] outer, int trafficClass)
    {
        if (TrafficClass(outer) != trafficClass)
            return "its outer traffic class is not the inner one";
        if (outer[0] >> 4 == 6)
            return outer[7] == 64 ? null : "its outer hop limit is not 64";
        return outer[0] == 0x45 && Seen.U16(outer, 4) == 0 && Seen.U16(outer, 6) == 0x4000 && outer[8] == 64
            ? null : "its outer header has options, an identification, fragment bits or another time to live";
    }

    /// <summary>RFC 768, RFC 8200 section 8.1: over IPv6 the checksum is right and never zero.</summary>
    private static int GueLength(byte[] outer, int start, bool innerIsIpv4)
    {
        var header = Seen.U16(outer, start + 8);
        var ok = Seen.U16(outer, start) >= 49152
            && Seen.U16(outer, start + 4) == outer.Length - start
            && header == (innerIsIpv4 ? 4 : 41)
            && Seen.U16(outer, start + 10) == 0
            && (start == 20 ? Seen.U16(outer, start + 6) == 0
                : Seen.U16(outer, start + 6) != 0 && Seen.HasRightTransport(outer, 17, start));
        return ok ? 12 : -1;
    }

    private bool IsOuterSource(IPAddress source, NextHop hop) =>
        source.Equals(hop.Egress.Address) || source.Equals(hop.Egress.Address6)
        || _given.Configuration.NetworkProfiles.Any(p => p.OuterSource4 is { } four && four.Contains(source)
            || p.OuterSource6 is { } six && six.Contains(source));

    private static int TrafficClass(byte[] datagram) => datagram[0] >> 4 == 4 ? datagram[1] : (datagram[0] & 15) << 4 | datagram[1] >> 4;

    private static string Text(byte[] mac) => string.Join(':', mac.Select(static b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
}
