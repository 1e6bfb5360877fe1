using System.Runtime.CompilerServices;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>Typed views of all that exists once per half.</summary>
/// <param name="maps">The maps.</param>
/// <param name="number">0 or 1.</param>
internal readonly struct TableBank(StateMaps maps, uint number)
{
    /// <summary>The hash key and what belongs to no one entry.</summary>
    internal ref Settings Settings => ref ViewOf<Settings>(Layout.Bank.Settings, 1)[0];

    /// <summary>The director's interfaces.</summary>
    internal Span<Interface> Interfaces => ViewOf<Interface>(Layout.Bank.Interfaces, Constants.Interfaces);

    /// <summary>Other directors.</summary>
    internal Span<Peer> Peers => ViewOf<Peer>(Layout.Bank.Peers, Constants.Peers);

    /// <summary>Settings that services share.</summary>
    internal Span<Profile> Profiles => ViewOf<Profile>(Layout.Bank.Profiles, Constants.Profiles);

    /// <summary>IPv4 VIPs, by open addressing.</summary>
    internal Span<Vip> Vips => ViewOf<Vip>(Layout.Bank.Vips, Constants.VipEntries);

    /// <summary>Single ports of IPv4 VIPs, by open addressing.</summary>
    internal Span<Layout.ServiceEntry> Services => ViewOf<Layout.ServiceEntry>(Layout.Bank.Services, Constants.ServiceEntries);

    /// <summary>IPv6 VIPs, by open addressing.</summary>
    internal Span<Vip6> Vips6 => maps.Memory("halves6").View<Vip6>(number * (long)Bank6.Size + Bank6.Vips, Constants.VipEntries);

    /// <summary>Single ports of IPv6 VIPs, by open addressing.</summary>
    internal Span<Service6Entry> Services6 =>
        maps.Memory("halves6").View<Service6Entry>(number * (long)Bank6.Size + Bank6.Services, Constants.ServiceEntries);

    /// <summary>What is rarely needed of VIPs, by number.</summary>
    internal Span<VipRecord> VipRecords =>
        maps.Memory("details").View<VipRecord>(number * (long)Details.Size + Details.Vips, Constants.VipCapacity);

    /// <summary>Intervals of ports, those of a VIP side by side.</summary>
    internal Span<Layout.Range> Ranges =>
        maps.Memory("details").View<Layout.Range>(number * (long)Details.Size + Details.Ranges, Constants.Ranges);

    /// <summary>A server, by id: the first of them are near, which is read without a look-up.</summary>
    internal ref Server Server(int id) => ref (id < Constants.InlineServers ? InlineServers : MapServers)[id];

    /// <summary>Forgets all servers.</summary>
    internal void ClearServers()
    {
        InlineServers.Clear();
        MapServers.Clear();
    }

    private Span<Server> InlineServers => ViewOf<Server>(Layout.Bank.Servers, Constants.InlineServers);

    /// <summary>By id, too; the first are not used.</summary>
    private Span<Server> MapServers => maps.Memory("servers").View<Server>(
        number * (long)Constants.ServerCapacity * Unsafe.SizeOf<Server>(), Constants.ServerCapacity);

    private Span<T> ViewOf<T>(int offset, int count) where T : unmanaged =>
        maps.Memory(StateMaps.TablesMap).View<T>(Tables.Banks + (long)number * Layout.Bank.Size + offset, count);
}
