using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Robustness;

/// <summary>Unusual frames: noise, random stacks of headers, and frames of the case table with changes. The seed is
/// fixed, so that a failure is repeatable.</summary>
internal sealed class RandomFrames(int seed)
{
    private const int Shortest = 14, Longest = 1600;

    private static readonly byte[][] Templates =
        [.. CaseTable.All.SelectMany(static c => c.Steps).Select(static s => s.In)];
    private static readonly string[] Vips4 = ["vip", "vip-l3", "vip-idle", "203.0.113.200"];
    private static readonly string[] Vips6 = ["vip6", "vip6-l3", "vip6-idle", "2001:db8:77::5"];

    private readonly Random _random = new(seed);

    /// <summary>A frame of the table, a stack of headers or noise, possibly changed, truncated or padded.</summary>
    public byte[] Next() => Damaged(_random.Next(3) == 0 ? Noise(_random.Next(Shortest, Longest + 1))
        : _random.Next(2) == 0 ? [.. Templates[_random.Next(Templates.Length)]]
        : CaseTable.Frame(Layers()));

    /// <summary>Noise of a length whose beginning may look like a frame for a VIP.</summary>
    public byte[] Noise(int length)
    {
        var frame = new byte[length];
        _random.NextBytes(frame);
        var like = Templates[_random.Next(Templates.Length)];
        var copied = Math.Min(Math.Min(length, like.Length), _random.Next(60));
        like.AsSpan(0, copied).CopyTo(frame);
        return frame;
    }

    private byte[] Damaged(byte[] frame)
    {
        for (var changes = _random.Next(6) - 2; changes > 0; changes--)
            frame[_random.Next(Math.Min(frame.Length, 100))] = (byte)_random.Next(256);
        return _random.Next(5) switch
        {
            0 => frame[.._random.Next(Shortest, frame.Length + 1)],
            1 => [.. frame, .. new byte[_random.Next(64)]],
            _ => frame,
        };
    }

    private string Layers()
    {
        var layers = new List<string> { "ethernet: {}" };
        for (var tags = _random.Next(5) - 1; tags > 0; tags--)
            layers.Add($"{Of("vlan", "service-vlan")}: {{id: {_random.Next(4096)}}}");
        var isIpv6 = _random.Next(2) == 0;
        var length = _random.Next(4) == 0 ? _random.Next(1300, 1500) : _random.Next(200);
        if (isIpv6)
        {
            layers.Add($"ipv6: {{to: '{Of(Vips6)}', from: '2001:db8:c::{_random.Next(1, 9)}', "
                + $"trafficClass: {_random.Next(256)}, hopLimit: {_random.Next(256)}}}");
            for (var headers = _random.Next(9) - 3; headers > 0; headers--)
                layers.Add(
                    Of("hop-by-hop", "destination-options", "routing", "authentication",
                        $"fragment: {{offsetBytes: {8 * _random.Next(3)}, more: {Of("true", "false")}}}"));
        }
        else
        {
            var options = string.Concat(Enumerable.Repeat("01010100", Math.Max(0, _random.Next(14) - 3)));
            layers.Add($"ipv4: {{to: '{Of(Vips4)}', from: 203.0.113.{_random.Next(1, 9)}, "
                + $"tos: {_random.Next(256)}, ttl: {_random.Next(256)}, "
                + $"flags: '{Of("", "df", "df", "mf")}', offsetBytes: {8 * Math.Max(0, _random.Next(6) - 3)}, "
                + $"options: '{options}'}}");
        }
        layers.AddRange(Transport(isIpv6));
        layers.Add($"payload: {length}");
        return $"[{string.Join(", ", layers)}]";
    }

    private string[] Transport(bool isIpv6)
    {
        var (vip, client) = isIpv6
            ? ($"ipv6: {{from: '{Of(Vips6)}', to: client6}}", "icmpv6")
            : ($"ipv4: {{from: '{Of(Vips4)}', to: client}}", "icmp");
        return _random.Next(5) switch
        {
            0 => [$"udp: {{from: {_random.Next(65536)}, to: {Of("53", "8053", "5353")}}}"],
            1 => [$"{client}: {{}}"],
            2 => [$"{client}: {{type: {(isIpv6 ? Of("1", "2", "3", "4") : Of("3", "11", "12"))}}}", vip,
                "tcp: {from: 80, to: 40000, flags: A}"],
            _ =>
            [
                $"tcp: {{from: {_random.Next(65536)}, to: {Of("80", "80", "8080", "443")}, "
                    + $"flags: {Of("S", "A", "PA", "FA", "R")}}}",
            ],
        };
    }

    private string Of(params string[] choices) => choices[_random.Next(choices.Length)];
}
