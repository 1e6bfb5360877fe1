using System.Runtime.CompilerServices;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>Typed views of everything that exists once per bank.</summary>
/// <param name="maps">The maps.</param>
/// <param name="number">Number of the bank: 0 or 1.</param>
internal readonly struct TableBank(StateMaps maps, uint number)
{
    /// <summary>The hash key and other settings of the whole tables.</summary>
    internal ref Settings Settings => ref ViewOf<Settings>(Layout.Bank.Settings, 1)[0];

    /// <summary>The director's interfaces.</summary>
    internal Span<Interface> Interfaces => ViewOf<Interface>(Layout.Bank.Interfaces, Constants.Interfaces);

    /// <summary>Ethernet addresses of other directors.</summary>
    internal Span<Peer> Peers => ViewOf<Peer>(Layout.Bank.Peers, Constants.Peers);

    /// <summary>Profiles: settings that services share.</summary>
    internal Span<Profile> Profiles => ViewOf<Profile>(Layout.Bank.Profiles, Constants.Profiles);

    /// <summary>IPv4 VIPs, by open addressing.</summary>
    internal Span<Vip> Vips => ViewOf<Vip>(Layout.Bank.Vips, Constants.VipEntries);

    /// <summary>Single ports of IPv4 VIPs, by open addressing.</summary>
    internal Span<Layout.ServiceEntry> Services =>
        ViewOf<Layout.ServiceEntry>(Layout.Bank.Services, Constants.ServiceEntries);

    /// <summary>IPv6 VIPs, by open addressing.</summary>
    internal Span<Vip6> Vips6 =>
        maps.Memory("halves6").View<Vip6>(number * (long)Bank6.Size + Bank6.Vips, Constants.VipEntries);

    /// <summary>Single ports of IPv6 VIPs, by open addressing.</summary>
    internal Span<Service6Entry> Services6 =>
        maps.Memory("halves6")
            .View<Service6Entry>(number * (long)Bank6.Size + Bank6.Services, Constants.ServiceEntries);

    /// <summary>Flags and port intervals of each VIP, by the VIP's id.</summary>
    internal Span<VipRecord> VipRecords =>
        maps.Memory("details").View<VipRecord>(number * (long)Details.Size + Details.Vips, Constants.VipCapacity);

    /// <summary>Port intervals; those of a VIP are adjacent.</summary>
    internal Span<Layout.Range> Ranges =>
        maps.Memory("details").View<Layout.Range>(number * (long)Details.Size + Details.Ranges, Constants.Ranges);

    /// <summary>A server by id. The first ids are inline, where packets read them without a lookup.</summary>
    internal ref Server Server(int id) => ref (id < Constants.InlineServers ? InlineServers : MapServers)[id];

    /// <summary>Clears the servers of this bank, inline and in the map.</summary>
    internal void ClearServers()
    {
        InlineServers.Clear();
        MapServers.Clear();
    }

    private Span<Server> InlineServers => ViewOf<Server>(Layout.Bank.Servers, Constants.InlineServers);

    /// <summary>Servers by id, in the map; the elements of inline ids are not used.</summary>
    private Span<Server> MapServers => maps.Memory("servers").View<Server>(
        number * (long)Constants.ServerCapacity * Unsafe.SizeOf<Server>(), Constants.ServerCapacity);

    private Span<T> ViewOf<T>(int offset, int count) where T : unmanaged =>
        maps.Memory(StateMaps.TablesMap).View<T>(Tables.Banks + (long)number * Layout.Bank.Size + offset, count);
}
