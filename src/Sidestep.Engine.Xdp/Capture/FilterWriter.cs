using System.Globalization;
using System.Net;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Model;
using CaptureFilter = Sidestep.Forwarding.Capture.CaptureFilter;

namespace Sidestep.Engine.Xdp.Capture;

/// <summary>Translates a capture filter into the form that the program reads, struct capture_filter.</summary>
internal static class FilterWriter
{
    private const uint NoService = uint.MaxValue;

    /// <summary>Translates a filter. Names become the ids of the running tables.</summary>
    /// <exception cref="EngineException">The director has no service or server of that name.</exception>
    internal static Layout.CaptureFilter Of(CaptureFilter filter, CaptureLimits limits, RunningTables running)
    {
        var written = new Layout.CaptureFilter
        {
            Service = filter.Service is { } service ? (uint)ServiceId(service, running) : NoService,
            Verdicts = Verdicts(filter),
            Interval = limits.Rate == 0 ? 0 : 1_000_000_000ul / (ulong)limits.Rate,
            Snap = (uint)limits.Snap,
            Sample = (uint)limits.Sample,
            NeedsParsing = filter.Addresses.IsEmpty && filter.Ports.IsEmpty && filter.Protocol is null ? 0u : 1u,
        };
        for (var i = 0; i < filter.Addresses.Length; i++)
            written.Addresses[i] = Of(filter.Addresses[i]);
        for (var i = 0; i < filter.Ports.Length; i++)
            written.Ports[i] = (ushort)IPAddress.HostToNetworkOrder((short)filter.Ports[i]);
        (written.Protocol, written.Protocol6) = filter.Protocol switch
        {
            null => ((ushort)0, (ushort)0),
            CapturedProtocol.Tcp => ((ushort)6, (ushort)6),
            CapturedProtocol.Udp => ((ushort)17, (ushort)17),
            CapturedProtocol.Sctp => ((ushort)132, (ushort)132),
            CapturedProtocol.UdpLite => ((ushort)136, (ushort)136),
            CapturedProtocol.Dccp => ((ushort)33, (ushort)33),
            _ => ((ushort)1, (ushort)58),
        };
        if (filter.Server is { } server)
        {
            var ids = ServerIds(server, running);
            for (var i = 0; i < ids.Length; i++)
                written.Servers[i] = (uint)ids[i];
        }
        return written;
    }

    private static CaptureAddress Of(AddressCondition condition)
    {
        var isIpv6 = Wire.IsIpv6(condition.Prefix.BaseAddress);
        Span<byte> mask = stackalloc byte[16];
        for (var bit = 0; bit < condition.Prefix.PrefixLength; bit++)
            mask[bit / 8] |= (byte)(0x80 >> bit % 8);
        var written = new CaptureAddress { Sides = (uint)condition.Side, Family = isIpv6 ? 6u : 4u };
        written.Mask[0] = BitConverter.ToUInt64(mask);
        written.Mask[1] = BitConverter.ToUInt64(mask[8..]);
        if (isIpv6)
            written.Address = Wire.Words(condition.Prefix.BaseAddress);
        else
            written.Address[0] = Wire.Word(condition.Prefix.BaseAddress);
        return written;
    }

    /// <summary>A bit per counter of decisions and drop reasons. A drop always has a reason.</summary>
    private static ulong Verdicts(CaptureFilter filter)
    {
        var reasons = filter.Reason is { } reason ? [reason] : Enum.GetValues<DropReason>();
        var drops = reasons.Aggregate(0ul, static (bits, r) => bits | 1ul << VerdictIndex.Of(r));
        if (filter.Reason is not null)
            return filter.Decision is null or Decision.Drop ? drops : 0;
        return filter.Decision switch
        {
            null => Enum.GetValues<Decision>().Where(static d => d is not (Decision.Pass or Decision.Drop))
                .Aggregate(drops, static (bits, d) => bits | 1ul << (int)d),
            Decision.Drop => drops,
            { } decision => 1ul << (int)decision,
        };
    }

    private static int ServiceId(string name, RunningTables running) =>
        running.Services.TryGetValue(ServiceKey.Parse(name), out var id)
        ? id
        : throw new EngineException($"the director has no service '{name}'. "
            + $"It has {Some(running.Services.Keys.Select(static s => s.ToString()))}");

    private static int[] ServerIds(string name, RunningTables running)
    {
        int[] ids =
        [
            .. running.Servers.Where(s => s.Key.Name == name || s.Key.Address.ToString() == name)
                .Select(static s => s.Value),
        ];
        if (ids.Length == 0)
        {
            throw new EngineException($"the director has no real server '{name}'. "
                + $"It has {Some(running.Servers.Keys.Select(static s => s.Name))}");
        }
        return ids.Length <= Constants.CaptureServers ? ids : throw new EngineException(string.Create(
            CultureInfo.InvariantCulture,
            $"'{name}' is {ids.Length} real servers, one per pool and encapsulation, and a filter takes "
            + $"{Constants.CaptureServers}: add the service"));
    }

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names.Distinct().Order(StringComparer.Ordinal)];
        return all.Length == 0 ? "none" : string.Join(", ", all.Take(10)) + (all.Length > 10 ? ", and more" : "");
    }
}
