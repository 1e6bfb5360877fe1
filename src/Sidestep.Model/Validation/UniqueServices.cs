using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A packet belongs to one service at most.</summary>
internal static class UniqueServices
{
    public static void Check(Document document, IssueList issues)
    {
        var first = new Dictionary<(IPAddress, TransportProtocol, int), BoundMapping>();
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Vip) is not { } vip
                || service.Find(VirtualServiceSchema.Protocol) is not { } protocol
                || service.Find(VirtualServiceSchema.Port) is not { } port
                || first.TryAdd((vip.Value, protocol.Value, port.Value), service))
                continue;
            var other = first[(vip.Value, protocol.Value, port.Value)];
            string words = protocol.Value == TransportProtocol.Tcp ? "tcp" : "udp";
            issues.Error(port.Path, port.Node,
                $"{Document.Title(other)} (line {other.Node.Position.Line}) already has {vip.Value} {words} port {port.Value}",
                "Give one of the two another VIP or port, or remove it");
        }
    }
}
