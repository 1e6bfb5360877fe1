using System.Net;
using Sidestep.ConformanceTests.Cases;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Robustness;

/// <summary>Checks whether the director may send a frame, whatever it received: its headers contain only configured
/// values, its lengths do not exceed it, and no checksum is wrong that was correct before. Written from the RFCs,
/// without the code of the product.</summary>
internal sealed class FrameValidator
{
    private readonly Given _given;
    private readonly HashSet<string> _ownMacs;
    private readonly Dictionary<VrfAddress, NextHop> _servers;
    private readonly ReplyValidator _replies;

    public FrameValidator(Given given)
    {
        _given = given;
        _ownMacs = [.. given.NextHops.Interfaces.Select(static i => $"{i.Mac}")];
        _servers = given.Configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress)
            .Distinct().Where(given.NextHops.Servers.ContainsKey)
                .ToDictionary(static a => a, a => given.NextHops.Servers[a]);
        _replies = new ReplyValidator(given);
    }

    /// <summary>The error in the output; null when there is none.</summary>
    public string? Validate(byte[] input, byte[] output)
    {
        var (received, sent) = (ParsedFrame.Parse(input), ParsedFrame.Parse(output));
        if (!_ownMacs.Contains(Text(sent.From)))
            return "its source MAC address is none of the director's";
        if (!received.Tags.SequenceEqual(sent.Tags))
            return "its VLAN tags are not those of the input";
        if (output.AsSpan(12).SequenceEqual(input.AsSpan(12)))
            return _servers.Values.Any(h => Text(sent.To) == $"{h.Neighbour}")
                ? null
                : "its destination MAC address is no server's";
        if (received.Datagram() is { } inner && sent.Datagram() is { } outer
            && _servers.TryGetValue(VrfAddress.InDefault(ParsedFrame.Destination(outer)), out var hop)
            && ValidateEncapsulation(sent, outer, inner, hop) is var problem
            && (problem is null || !ParsedFrame.Destination(outer).Equals(ParsedFrame.Source(inner))))
            return problem;
        return _replies.Validate(received, sent);
    }

    private string? ValidateEncapsulation(ParsedFrame sent, byte[] outer, byte[] inner, NextHop hop)
    {
        if (Text(sent.To) != $"{hop.Neighbour}")
            return "its destination MAC address is not that of the next hop to its server";
        if (outer.Length > hop.Egress.MtuBytes)
            return "it is longer than the MTU";
        if (!IsOuterSource(ParsedFrame.Source(outer), hop))
            return $"no setting allows its outer source {ParsedFrame.Source(outer)}";
        if (!ParsedFrame.HasValidHeaderChecksum(outer))
            return "its outer header checksum is wrong";
        if (ValidateOuterHeader(outer, TrafficClass(inner)) is { } problem)
            return problem;
        var isIpv4 = outer[0] >> 4 == 4;
        var start = isIpv4 ? 20 : 40;
        var innerIsIpv4 = inner[0] >> 4 == 4;
        var carries = (isIpv4 ? outer[9] : outer[6]) switch
        {
            4 => innerIsIpv4 ? 0 : -1,
            41 => innerIsIpv4 ? -1 : 0,
            47 => ParsedFrame.U16(outer, start) == 0
                && ParsedFrame.U16(outer, start + 2) == (innerIsIpv4 ? 0x0800 : 0x86dd)
                ? 4
                : -1,
            17 => GueLength(outer, start, innerIsIpv4),
            _ => -1,
        };
        if (carries < 0)
            return "the headers between outer header and datagram are wrong";
        return outer.AsSpan(start + carries).SequenceEqual(inner)
            ? null
            : "the inner datagram is not the one of the input";
    }

    private static string? ValidateOuterHeader(byte[] outer, int trafficClass)
    {
        if (TrafficClass(outer) != trafficClass)
            return "its outer traffic class is not the inner one";
        if (outer[0] >> 4 == 6)
            return outer[7] == 64 ? null : "its outer hop limit is not 64";
        return outer[0] == 0x45 && ParsedFrame.U16(outer, 4) == 0 && ParsedFrame.U16(outer, 6) == 0x4000
            && outer[8] == 64
            ? null : "its outer header has options, an identification, fragment bits or another time to live";
    }

    /// <summary>Length of the GUE headers; -1 when they are wrong. Over IPv6 the UDP checksum must be correct and not
    /// zero (RFC 768, RFC 8200 section 8.1).</summary>
    private static int GueLength(byte[] outer, int start, bool innerIsIpv4)
    {
        var header = ParsedFrame.U16(outer, start + 8);
        var ok = ParsedFrame.U16(outer, start) >= 49152
            && ParsedFrame.U16(outer, start + 4) == outer.Length - start
            && header == (innerIsIpv4 ? 4 : 41)
            && ParsedFrame.U16(outer, start + 10) == 0
            && (start == 20 ? ParsedFrame.U16(outer, start + 6) == 0
                : ParsedFrame.U16(outer, start + 6) != 0 && ParsedFrame.HasValidTransportChecksum(outer, 17, start));
        return ok ? 12 : -1;
    }

    private bool IsOuterSource(IPAddress source, NextHop hop) =>
        source.Equals(hop.Egress.Address) || source.Equals(hop.Egress.Address6)
        || _given.Configuration.NetworkProfiles.Any(p => p.OuterSource4 is { } four && four.Contains(source)
            || p.OuterSource6 is { } six && six.Contains(source));

    private static int TrafficClass(byte[] datagram) =>
        datagram[0] >> 4 == 4 ? datagram[1] : (datagram[0] & 15) << 4 | datagram[1] >> 4;

    private static string Text(byte[] mac) =>
        string.Join(':', mac.Select(static b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
}
