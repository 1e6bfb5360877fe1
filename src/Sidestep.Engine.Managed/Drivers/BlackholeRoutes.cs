using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Keeps the kernel from processing frames that packet sockets received, because it gets a copy of each.
/// Packets for a VIP from the attached interfaces get a blackhole route: a machine with IP forwarding does not forward
/// them, and proxy ARP does not answer.</summary>
/// <remarks>Routes and rules outlive the process. They are recorded in a file before they are installed, so that the
/// next process adopts or removes them.</remarks>
internal sealed class BlackholeRoutes : IDisposable
{
    private const uint Table = 5151, Priority = 5151;

    /// <summary>The most routes that one call of <see cref="Restore"/> looks for. A flush of the table takes all of
    /// them, so that any of them shows it.</summary>
    private const int RoutesPerCheck = 16;

    private readonly Lock _gate = new();
    private readonly NetlinkSocket _socket = NetlinkSocket.Open();
    private readonly string? _file;
    private BlackholeSet _installed = BlackholeSet.Empty;
    private int _checkedRoutes;

    /// <summary>Routes and rules that an earlier process recorded, in this network namespace or another one.</summary>
    private BlackholeSet _stale;

    /// <summary>Reads the record of an earlier process; its routes stay until <see cref="Apply"/>.</summary>
    /// <param name="path">Prefix of the file's name; null: there is no record.</param>
    internal BlackholeRoutes(string? path)
    {
        _file = path is null ? null : FileOf(path);
        _stale = _file is not null && File.Exists(_file)
            ? BlackholeSet.Parse(File.ReadAllLines(_file)) : BlackholeSet.Empty;
    }

    /// <summary>Removes the routes and rules of an earlier process.</summary>
    /// <exception cref="EngineException">The kernel returned an error.</exception>
    internal static void RemoveStale(string path)
    {
        if (!File.Exists(FileOf(path)))
            return;
        using var stale = new BlackholeRoutes(path);
        stale.Apply([], []);
    }

    /// <summary>Installs routes for these VIPs and rules for these interfaces, and removes all others.</summary>
    /// <exception cref="EngineException">The kernel returned an error, or the record cannot be written.</exception>
    internal void Apply(IEnumerable<IPNetwork> vips, IEnumerable<string> interfaces)
    {
        lock (_gate)
            ApplyLocked(vips, interfaces);
    }

    /// <summary>Installs again what another program has removed.</summary>
    /// <returns>What was missing; empty: nothing that this call looked for.</returns>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal IReadOnlyList<string> Restore()
    {
        lock (_gate)
        {
            List<string> missing = [];
            var routes = _installed.Routes.Skip(_checkedRoutes).Take(RoutesPerCheck).ToArray();
            _checkedRoutes = routes.Length < RoutesPerCheck ? 0 : _checkedRoutes + RoutesPerCheck;
            if (routes.Any(r => BlackholeTable.Restore(_socket, Table, r)))
            {
                foreach (var route in _installed.Routes)
                    BlackholeTable.Restore(_socket, Table, route);
                missing.Add($"the routes of table {Table}");
            }
            foreach (var (name, family) in _installed.Rules)
            {
                if (BlackholeTable.AddRule(_socket, family, Priority, name, Table))
                {
                    missing.Add($"the {(family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} policy rule "
                        + $"{Priority} of {name}");
                }
            }
            return missing;
        }
    }

    private void ApplyLocked(IEnumerable<IPNetwork> vips, IEnumerable<string> interfaces)
    {
        try
        {
            var desired = BlackholeSet.Of(vips, interfaces);
            var before = _installed.Union(_stale);
            if (_stale.IsEmpty && desired.SetEquals(before))
                return;
            Write(desired.Union(before));
            Install(desired.Except(_installed));
            Uninstall(before.Except(desired));
            (_installed, _stale) = (desired, BlackholeSet.Empty);
            Write(desired);
        }
        catch (NativeException e)
        {
            throw new EngineException("cannot install blackhole routes, without which the kernel would forward"
                + $" or answer packets for VIPs beside the managed engine: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"cannot record the blackhole routes in a file: {e.Message}", e);
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Routes come before the rules that lead to them, so that no packet finds an empty table.</summary>
    private void Install(BlackholeSet added)
    {
        foreach (var vip in added.Routes)
            BlackholeTable.Add(_socket, Table, vip);
        foreach (var (name, family) in added.Rules)
            BlackholeTable.AddRule(_socket, family, Priority, name, Table);
    }

    private void Uninstall(BlackholeSet removed)
    {
        foreach (var (name, family) in removed.Rules)
            BlackholeTable.RemoveRule(_socket, family, Priority, name, Table);
        foreach (var vip in removed.Routes)
            BlackholeTable.Remove(_socket, Table, vip);
    }

    private void Write(BlackholeSet set)
    {
        if (_file is null)
            return;
        if (set.IsEmpty)
            File.Delete(_file);
        else
            AtomicFile.Write(_file, Encoding.UTF8.GetBytes(string.Join('\n', set.ToLines())));
    }

    private static string FileOf(string path) => path + ".silenced";
}
