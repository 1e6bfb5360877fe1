using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Differential;

/// <summary>Random frames for a situation: stacks of headers of every kind, changed at important fields: addresses,
/// ports, flags, fragments, lengths, types. There are few clients and ports, so that flows and fragments
/// recur.</summary>
internal sealed class RandomTraffic
{
    private const int Shortest = 14, Longest = 1700, Bases = 150, Clients = 12;

    private static readonly string[] Vips4 = ["198.51.100.10", "198.51.100.20", "203.0.113.200", "203.0.113.129"];
    private static readonly string[] Vips6 =
        ["2001:db8:10::10", "2001:db8:10::20", "2001:db8:77::5", "2001:db8:77:0:8000::9"];
    private static readonly byte[][] Addresses4 =
        [.. new[] { "198.51.100.10", "198.51.100.20", "203.0.113.200", "203.0.113.129", "203.0.113.7", "203.0.113.8",
            "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.2", "10.9.9.11" }.Select(
            static a => IPAddress.Parse(a).GetAddressBytes())];

    private static readonly byte[][] Addresses6 =
        [.. new[] { "2001:db8:10::10", "2001:db8:10::20", "2001:db8:77::5", "2001:db8:c::7", "2001:db8:c::8", "::",
            "::1", "ff02::1", "::ffff:198.51.100.10", "::ffff:203.0.113.200", "::ffff:203.0.113.7",
            "2001:db8:2::2" }.Select(static a => IPAddress.Parse(a).GetAddressBytes())];

    private static readonly ushort[] Ports = [80, 53, 443, 8000, 8050, 8099, 9000, 0, 1, 65535, 40000, 40001];
    private static readonly byte[] Protocols = [1, 6, 17, 58, 47, 4, 41, 0, 43, 44, 51, 60, 50, 59, 132, 136, 33];
    private static readonly byte[] TcpFlags = [2, 2, 16, 16, 18, 17, 4, 20, 0, 1, 24, 0x3f];
    private static readonly ushort[] Fragments = [0, 0x4000, 0x2000, 0x6000, 0x2001, 1, 185, 0x2000 | 185, 0x8000];
    private static readonly byte[] Icmp = [8, 0, 3, 11, 12, 128, 129, 1, 2, 4, 135, 136, 5];

    private readonly Random _random;
    private readonly List<byte[]> _bases = [];

    public RandomTraffic(Random random)
    {
        _random = random;
        while (_bases.Count < Bases)
            _bases.Add(CaseTable.Frame(Layers()));
    }

    /// <summary>One of the stacks, possibly changed.</summary>
    public byte[] Next()
    {
        var frame = _bases[_random.Next(_bases.Count)].AsSpan().ToArray();
        for (var changes = _random.Next(5); changes > 0; changes--)
            Change(frame);
        return _random.Next(24) switch
        {
            0 => frame[.._random.Next(Shortest, frame.Length + 1)],
            1 => [.. frame, .. Noise(_random.Next(64))],
            2 => Tagged(frame),
            _ => frame,
        };
    }

    private void Change(byte[] frame)
    {
        var ip = 14;
        for (
            var tags = 0; tags < 2 && frame.Length > ip + 4
                && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(ip - 2)) is 0x8100 or 0x88a8; tags++)
            ip += 4;
        var isIpv6 = frame.Length >= ip + 40 && frame[ip] >> 4 == 6;
        if (!isIpv6 && (frame.Length < ip + 28 || frame[ip] >> 4 != 4) || _random.Next(20) == 0)
        {
            frame[_random.Next(Math.Min(frame.Length, 110))] = (byte)_random.Next(256);
            return;
        }
        var transport = ip + (isIpv6 ? 40 : (frame[ip] & 15) * 4);
        if (_random.Next(3) == 0 && frame.Length >= transport + 20)
            ChangeTransport(frame, transport, isIpv6 ? frame[ip + 6] : frame[ip + 9]);
        else if (isIpv6)
            Change6(frame, ip);
        else
            Change4(frame, ip);
    }

    private void Change4(byte[] frame, int ip)
    {
        switch (_random.Next(9))
        {
            case 0:
            case 1:
                frame[ip + 15] = (byte)_random.Next(1, Clients);
                break;
            case 2:
                Of(Addresses4).CopyTo(frame, ip + 12);
                break;
            case 3:
                Of(Addresses4).CopyTo(frame, ip + 16);
                break;
            case 4:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ip + 6), Of(Fragments));
                frame[ip + 5] = (byte)_random.Next(4);
                break;
            case 5:
                frame[ip + 9] = Of(Protocols);
                break;
            case 6:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ip + 2),
                    (ushort)(_random.Next(2) == 0 ? frame.Length - ip - _random.Next(30) : _random.Next(70)));
                break;
            case 7:
                frame[ip] = (byte)(0x40 | _random.Next(16));
                break;
            default:
                frame[ip + 1] = (byte)_random.Next(256);
                break;
        }
    }

    private void Change6(byte[] frame, int ip)
    {
        switch (_random.Next(8))
        {
            case 0:
            case 1:
                frame[ip + 23] = (byte)_random.Next(1, Clients);
                break;
            case 2:
                Of(Addresses6).CopyTo(frame, ip + 8);
                break;
            case 3:
                Of(Addresses6).CopyTo(frame, ip + 24);
                break;
            case 4:
                frame[ip + 6] = Of(Protocols);
                break;
            case 5:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ip + 4),
                    (ushort)(_random.Next(2) == 0 ? frame.Length - ip - 40 - _random.Next(30) : _random.Next(70)));
                break;
            case 6:
                // Fields of extension headers.
                frame[Math.Min(ip + 40 + _random.Next(24), frame.Length - 1)] = _random.Next(
                    3) switch
                { 0 => Of(Protocols), 1 => (byte)_random.Next(4), _ => (byte)_random.Next(256) };
                break;
            default:
                frame[ip + _random.Next(4)] = (byte)(
                    _random.Next(4) == 0 ? _random.Next(256) : 0x60 | _random.Next(16));
                break;
        }
    }

    private void ChangeTransport(byte[] frame, int at, int protocol)
    {
        if (protocol is 1 or 58)
        {
            if (_random.Next(2) == 0)
                frame[at] = Of(Icmp);
            else
                frame[at + 8 + _random.Next(Math.Min(frame.Length - at - 8, 48))] = (byte)_random.Next(256);
            return;
        }
        switch (_random.Next(5))
        {
            case 0:
            case 1:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), (ushort)(40000 + _random.Next(8)));
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at + 2), Of(Ports));
                break;
            case 3:
                frame[at + 13] = Of(TcpFlags);
                break;
            default:
                frame[at + 12] = (byte)(_random.Next(16) << 4);
                break;
        }
    }

    private byte[] Tagged(byte[] frame) => [.. frame[..12], 0x81, 0, 0, (byte)_random.Next(256), .. frame[12..]];

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        _random.NextBytes(noise);
        return noise;
    }

    private string Layers()
    {
        var layers = new List<string>
        {
            _random.Next(20) switch
            {
                0 => "ethernet: {from: director2}",
                1 => "ethernet: {to: broadcast}",
                2 => "ethernet: {to: web1}",
                3 => "ethernet: {to: group-of-vip6}",
                _ => "ethernet: {}",
            },
        };
        for (var tags = _random.Next(8) - 5; tags > 0; tags--)
            layers.Add($"{Of("vlan", "service-vlan")}: {{id: {_random.Next(4096)}}}");
        var kind = _random.Next(20);
        if (kind == 0)
        {
            layers.Add($"arp: {{target: {Of(Vips4)}, sender: {Of("router", "vip", "client")}, "
                + $"operation: {Of("request", "request", "request", "reply")}}}");
            return $"[{string.Join(", ", layers)}]";
        }
        if (kind == 1)
        {
            layers[0] = $"ethernet: {{to: {Of("group-of-vip6", "group-of-vip6-l3", "director")}}}";
            layers.Add($"ipv6: {{from: {Of("router6", "router6", "unspecified6")}, "
                + $"to: {Of("group-of-vip6", "group-of-vip6-l3", "vip6")}, "
                + $"hopLimit: {Of("255", "255", "255", "64")}}}");
            var target = Of("vip6", "vip6-l3", "director6");
            var options = Of("", ", sourceMac: router", ", sourceMac: router, options: \"0e01000000000000\"");
            layers.Add($"neighbour-solicitation: {{target: {target}{options}}}");
            return $"[{string.Join(", ", layers)}]";
        }
        var isIpv6 = _random.Next(2) == 0;
        layers.Add(isIpv6 ? Ipv6Header() : Ipv4Header());
        if (isIpv6)
            layers.AddRange(ExtensionHeaders());
        layers.AddRange(Transport(isIpv6));
        if (_random.Next(5) > 0)
            layers.Add($"payload: {(_random.Next(3) == 0 ? _random.Next(900, Longest - 200) : _random.Next(120))}");
        return $"[{string.Join(", ", layers)}]";
    }

    private string Ipv6Header() => $"ipv6: {{to: \"{Of(Vips6)}\", "
        + $"from: \"2001:db8:c::{_random.Next(1, Clients):x}\", trafficClass: {_random.Next(256)}}}";

    private IEnumerable<string> ExtensionHeaders()
    {
        for (var headers = _random.Next(14) - 6; headers > 0; headers--)
        {
            var fragment = $"fragment: {{offsetBytes: {8 * _random.Next(3)}, more: {Of("true", "false")}, "
                + $"id: {_random.Next(4)}}}";
            yield return Of("hop-by-hop", "destination-options", "routing", "authentication", fragment);
        }
    }

    private string Ipv4Header() => $"ipv4: {{to: {Of(Vips4)}, from: 203.0.113.{_random.Next(1, Clients)}, "
        + $"tos: {_random.Next(256)}, id: {_random.Next(4)}, flags: \"{Of("", "df", "df", "mf")}\", "
        + $"offsetBytes: {8 * Math.Max(0, _random.Next(10) - 7)}, "
        + $"options: \"{string.Concat(Enumerable.Repeat("01010100", Math.Max(0, _random.Next(12) - 8)))}\"}}";

    private string[] Transport(bool isIpv6)
    {
        var icmp = isIpv6 ? "icmpv6" : "icmp";
        var port = Of(Ports).ToString(CultureInfo.InvariantCulture);
        return _random.Next(11) switch
        {
            10 => [$"{Of("sctp", "sctp", "udplite", "dccp")}: {{from: {40000 + _random.Next(8)}, to: {port}}}"],
            0 or 1 or 2 => [$"udp: {{from: {40000 + _random.Next(8)}, to: {port}}}"],
            3 => [$"{icmp}: {{}}"],
            4 or 5 =>
            [
                $"{icmp}: {{type: {(isIpv6 ? Of("1", "2", "3", "4") : Of("3", "11", "12"))}}}",
                .. Quoted(isIpv6, icmp, port),
            ],
            _ =>
            [
                $"tcp: {{from: {40000 + _random.Next(8)}, to: {port}, "
                    + $"flags: {Of("S", "A", "A", "PA", "FA", "R", "SA")}}}",
            ],
        };
    }

    /// <summary>A packet of a server, which an ICMP error quotes.</summary>
    private string[] Quoted(bool isIpv6, string icmp, string port)
    {
        var client = _random.Next(1, Clients);
        var addresses = isIpv6 ? $"from: \"{Of(Vips6)}\", to: \"2001:db8:c::{client:x}\""
            : $"from: {Of(Vips4)}, to: 203.0.113.{client}, offsetBytes: {8 * Math.Max(0, _random.Next(10) - 7)}";
        if (_random.Next(4) == 0)
        {
            var protocol = isIpv6 ? $"ipv6: {{{addresses}, nextHeader" : $"ipv4: {{{addresses}, protocol";
            return [$"{protocol}: {Of(Protocols)}}}", "payload: 48"];
        }
        return
        [
            isIpv6 ? $"ipv6: {{{addresses}}}" : $"ipv4: {{{addresses}}}",
            .. isIpv6 ? ExtensionHeaders() : [],
            Of($"tcp: {{from: {port}, to: {40000 + _random.Next(8)}, flags: A}}",
                $"udp: {{from: {port}, to: {40000 + _random.Next(8)}}}",
                $"{Of("sctp", "udplite", "dccp")}: {{from: {port}, to: {40000 + _random.Next(8)}}}",
                $"{icmp}: {{type: {(isIpv6 ? Of("129", "129", "128", "1") : Of("0", "0", "8", "3"))}}}"),
        ];
    }

    private T Of<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
