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

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();
    private readonly string? _file;
    private HashSet<IPNetwork> _vips = [];
    private HashSet<(string Interface, AddressFamily Family)> _covered = [];

    /// <summary>VIPs and interfaces that an earlier process recorded, in this network namespace or another
    /// one.</summary>
    private IPNetwork[] _staleVips;

    private (string Interface, AddressFamily Family)[] _staleCovered;

    /// <summary>Reads the record of an earlier process; its routes stay until <see cref="Apply"/>.</summary>
    /// <param name="path">Prefix of the file's name; null: there is no record.</param>
    internal BlackholeRoutes(string? path)
    {
        _file = path is null ? null : FileOf(path);
        var fields = _file is not null && File.Exists(_file)
            ? File.ReadAllLines(_file).Select(static l => l.Split(' ')).ToArray() : [];
        _staleVips = [.. fields.Where(static w => w is ["vip", _]).Select(static w => IPNetwork.Parse(w[1]))];
        _staleCovered =
        [
            .. fields.Where(static w => w is ["interface", _, _])
                .Select(static w => (w[1], Enum.Parse<AddressFamily>(w[2]))),
        ];
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
        try
        {
            var desired = vips.ToHashSet();
            var families = desired.Select(static v => v.BaseAddress.AddressFamily).Distinct().ToArray();
            var covered = interfaces.SelectMany(i => families.Select(f => (i, f))).ToHashSet();
            HashSet<IPNetwork> vipsBefore = [.. _vips, .. _staleVips];
            HashSet<(string Interface, AddressFamily Family)> coveredBefore = [.. _covered, .. _staleCovered];
            if (desired.SetEquals(vipsBefore) && covered.SetEquals(coveredBefore)
                && _staleVips.Length + _staleCovered.Length == 0)
                return;
            Write(desired.Union(vipsBefore), covered.Union(coveredBefore));
            // Routes come before the rules that lead to them, so that no packet finds an empty table.
            foreach (var added in desired.Except(_vips))
                BlackholeTable.Add(_socket, Table, added);
            foreach (var (name, family) in covered.Except(_covered))
                BlackholeTable.AddRule(_socket, family, Priority, name, Table);
            foreach (var (name, family) in coveredBefore.Except(covered))
                BlackholeTable.RemoveRule(_socket, family, Priority, name, Table);
            foreach (var removed in vipsBefore.Except(desired))
                BlackholeTable.Remove(_socket, Table, removed);
            (_vips, _covered, _staleVips, _staleCovered) = (desired, covered, [], []);
            Write(desired, covered);
        }
        catch (NativeException e)
        {
            throw new EngineException(
                "cannot install blackhole routes, without which the kernel would forward or answer"
                + $" packets for VIPs beside the managed engine: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"cannot record the blackhole routes in a file: {e.Message}", e);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Write(IEnumerable<IPNetwork> vips, IEnumerable<(string Interface, AddressFamily Family)> covered)
    {
        if (_file is null)
            return;
        string[] lines =
        [
            .. vips.Select(static v => $"vip {v}"),
            .. covered.Select(static c => $"interface {c.Interface} {c.Family}"),
        ];
        if (lines.Length == 0)
        {
            File.Delete(_file);
            return;
        }
        AtomicFile.Write(_file, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private static string FileOf(string path) => path + ".blackholes";
}
