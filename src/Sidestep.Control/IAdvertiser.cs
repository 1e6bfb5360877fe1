using System.Net;

namespace Sidestep.Control;

/// <summary>Tells routers which VIPs this director serves. The control loop calls it around each change of the tables,
/// on its thread; it must not block for long, and reports its own failures.</summary>
public interface IAdvertiser
{
    /// <summary>Called before the engine gets new tables: these VIPs will not be in service, and must not attract
    /// traffic any more.</summary>
    /// <param name="vips">VIPs and VIP prefixes; never empty.</param>
    void Withdraw(IReadOnlyCollection<IPNetwork> vips);

    /// <summary>Called after the engine has applied tables and is attached: exactly these VIPs are in service. Also
    /// called when the engine rejected a change, with the VIPs of the tables that stay in force.</summary>
    /// <param name="vips">VIPs and VIP prefixes, possibly none.</param>
    void Advertise(IReadOnlyCollection<IPNetwork> vips);
}

/// <summary>A director without routing: its VIPs are found by ARP and neighbour discovery, or by static
/// routes.</summary>
public sealed class NoAdvertiser : IAdvertiser
{
    /// <inheritdoc/>
    public void Withdraw(IReadOnlyCollection<IPNetwork> vips)
    {
    }

    /// <inheritdoc/>
    public void Advertise(IReadOnlyCollection<IPNetwork> vips)
    {
    }
}
