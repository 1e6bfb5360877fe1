using System.Net;
using Sidestep.Model.Schema;
using Sidestep.Packets;

namespace Sidestep.Model.Validation;

/// <summary>A packet belongs to at most one service: of those that match, the one with the narrowest range of ports. So
/// two ranges of the same width must not overlap.</summary>
internal static class UniqueServiceRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var bindings = new Dictionary<(IPNetwork Vip, TransportProtocol Protocol), List<PortBinding>>();
        long total = 0;
        foreach (var service in document.Services)
        {
            var vips = VirtualServiceSchema.VipsOf(service);
            CheckVips(vips, issues);
            if (service.Find(VirtualServiceSchema.Protocol) is not { } protocol)
                continue;
            var ranges = CheckPorts(service, protocol, issues);
            long before = total;
            total += (long)vips.Count * ranges.Count;
            if (total > Limits.VipPorts)
            {
                // Above the limit nothing is compared, to save time and memory.
                if (before <= Limits.VipPorts)
                    issues.Error(service.Path, service.Node.Position, null,
                        $"with this service there are {total} pairs of a VIP and a port range in all services "
                        + "together; at "
                        + $"most {Limits.VipPorts} are possible",
                        "Use VIP prefixes and wider port ranges, or move services to another director");
                continue;
            }
            foreach (var vip in vips)
            {
                var key = (vip.Value, protocol.Value);
                if (!bindings.TryGetValue(key, out var list))
                    bindings.Add(key, list = []);
                foreach (var range in ranges)
                    list.Add(new PortBinding(range.Value, range, service, list.Count));
            }
        }
        // A pair of services is reported once, however many VIPs and ports they share.
        var reported = new HashSet<(BoundMapping, BoundMapping)>();
        foreach (var (key, list) in bindings)
        {
            if (list.Count > 1)
                Compare(key.Vip, key.Protocol, list, reported, issues);
        }
    }

    private static void Compare(IPNetwork vip, TransportProtocol protocol, List<PortBinding> bindings,
        HashSet<(BoundMapping, BoundMapping)> reported, IssueList issues)
    {
        // Sorted ranges of one width overlap if and only if two adjacent ones do.
        bindings.Sort();
        for (int i = 1; i < bindings.Count; i++)
        {
            var (previous, current) = (bindings[i - 1], bindings[i]);
            if (previous.Width != current.Width || previous.Range.Last < current.Range.First
                || previous.Service == current.Service)
                continue;
            var (first, second) = previous.Order < current.Order ? (previous, current) : (current, previous);
            if (!reported.Add((first.Service, second.Service)))
                continue;
            string protocolName = protocol.ToString().ToLowerInvariant();
            string other = ConfigurationDocument.Title(first.Service);
            var related = first.Service.Location;
            var (path, node) = (second.Written.Path, second.Written.Node);
            if (protocol == TransportProtocol.Any)
                issues.Error(path, node, $"{other} already has {PrefixText.Of(vip)} with any protocol",
                    "Give one of the two another VIP or protocol, or remove it", related);
            else if (first.Range == second.Range)
                issues.Error(path, node,
                    $"{other} already has {PrefixText.Of(vip)} {protocolName} port {second.Range}",
                    "Give one of the two another VIP or port, or remove it", related);
            else
                issues.Error(path, node,
                    $"{other} has {PrefixText.Of(vip)} {protocolName} ports {first.Range}, a range of the same "
                    + "width that overlaps "
                    + $"{second.Range}, so that neither is the narrower one",
                    "Assign the shared ports to one of the two, or narrow its range", related);
        }
    }

    private static void CheckVips(IReadOnlyList<Located<IPNetwork>> vips, IssueList issues)
    {
        if (vips.Count < 2)
            return;
        var first = new Dictionary<IPNetwork, Located<IPNetwork>>();
        foreach (var vip in vips)
        {
            if (!first.TryAdd(vip.Value, vip))
                issues.Error(vip.Path, vip.Node,
                    $"already in this service, as {first[vip.Value].Path}", "Keep one of the two",
                    first[vip.Value].Location);
        }
    }

    /// <summary>The port ranges of the service, without those that overlap within the service.</summary>
    private static List<Located<PortRange>> CheckPorts(
        BoundMapping service, Located<TransportProtocol> protocol, IssueList issues)
    {
        var port = service.Find(VirtualServiceSchema.Port);
        var ports = service.Find(VirtualServiceSchema.Ports);
        if (protocol.Value == TransportProtocol.Any)
        {
            if (port is not null)
                issues.Error(port.Path, port.Node, "with protocol any the service has every port",
                    "Remove the key, or set protocol to tcp, udp or sctp");
            else if (ports is not null && ports.Value.FirstOrDefault(p => p.Value != PortRange.Any) is { } narrow)
                issues.Error(narrow.Path, narrow.Node, "with protocol any the service has every port",
                    "Remove the key, or set protocol to tcp, udp or sctp");
            return [new Located<PortRange>(PortRange.Any, protocol.Node, protocol.Path)];
        }
        if (port is not null)
            return [new Located<PortRange>(PortRange.One(port.Value), port.Node, port.Path)];
        var disjoint = new List<Located<PortRange>>();
        foreach (var range in (ports?.Value ?? []).OrderBy(p => p.Value.First))
        {
            if (disjoint.Count > 0 && disjoint[^1].Value.Last >= range.Value.First)
                issues.Error(range.Path, range.Node, $"overlaps {disjoint[^1].Value} of the same service",
                    "Write every port once");
            else
                disjoint.Add(range);
        }
        return disjoint;
    }

    /// <param name="Range">The ports.</param>
    /// <param name="Written">The location of the ports in the document.</param>
    /// <param name="Service">The service.</param>
    /// <param name="Order">Position in the order of the document.</param>
    private sealed record PortBinding(PortRange Range, Located<PortRange> Written, BoundMapping Service, int Order)
        : IComparable<PortBinding>
    {
        public int Width => Range.Last - Range.First;

        public int CompareTo(PortBinding? other) =>
            (Width, Range.First, Order).CompareTo((other!.Width, other.Range.First, other.Order));
    }
}
