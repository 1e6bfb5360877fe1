using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Traffic;

/// <summary>The VIPs of a topology: one, or one of each family. A client uses the VIP of its own family.</summary>
internal sealed class Vips(IReadOnlyList<IPAddress> addresses)
{
    private readonly Dictionary<AddressFamily,
        IPAddress> _byFamily = addresses.ToDictionary(static a => a.AddressFamily);

    /// <exception cref="LabException">The topology has no VIP of that family.</exception>
    public IPEndPoint For(IPAddress source, int port)
        => _byFamily.TryGetValue(source.AddressFamily, out var vip)
            ? new IPEndPoint(vip, port)
            : throw new LabException(
                $"The client address {source} has no VIP of its family: the topology's vips are "
                    + $"{string.Join(", ", addresses)}.");
}
