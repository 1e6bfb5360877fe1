using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Topologies;

/// <summary>The addresses of the clients, by family. A client uses a VIP of its own family.</summary>
internal sealed class ClientAddresses(IEnumerable<IPAddress> addresses)
{
    private readonly ILookup<AddressFamily, IPAddress> _byFamily = addresses.ToLookup(a => a.AddressFamily);

    /// <param name="index">Addresses are used round robin.</param>
    public IPAddress For(IPEndPoint service, int index)
        => _byFamily[service.AddressFamily].ToArray() is { Length: > 0 } suitable
            ? suitable[index % suitable.Length]
            : throw new LabException($"The clients have no address of the family of {service}.");
}
