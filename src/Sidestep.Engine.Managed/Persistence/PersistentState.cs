using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;

namespace Sidestep.Engine.Managed.Persistence;

/// <summary>State that outlives the process beside the flows, so that the next process can adopt them: the IDs that
/// flows refer to, and the groups that the next tables depend on.</summary>
/// <param name="Ids">IDs of services and servers.</param>
/// <param name="Groups">See <see cref="RunningGroups"/>.</param>
internal sealed record PersistentState(PersistedIds Ids, RunningGroups Groups)
{
    /// <summary>Returns this state with all migration windows extended by <paramref name="time"/>.</summary>
    internal PersistentState ExtendMigrationWindows(TimeSpan time) => this with
    {
        Groups = Groups with
        {
            Groups =
            [
                .. Groups.Groups.Select(g => g.Transition is not { } t ? g : g with
                {
                    Transition = t with { MigrationWindowEnds = t.MigrationWindowEnds + time },
                }),
            ],
        },
    };

    /// <summary>Writes the state. Slots are written in the byte order of this machine, the only one to read
    /// them.</summary>
    internal void Write(BinaryWriter to)
    {
        Write(to, Ids.Services, static (to, service) => to.Write(service.ToString()));
        Write(to, Ids.Servers, Write);
        to.Write(Groups.HashKey.High);
        to.Write(Groups.HashKey.Low);
        to.Write(Groups.Groups.Length);
        foreach (var group in Groups.Groups)
            Write(to, group);
    }

    /// <summary>Reads what <see cref="Write(BinaryWriter)"/> wrote.</summary>
    /// <exception cref="IOException">The data end too early.</exception>
    /// <exception cref="FormatException">A value is invalid.</exception>
    /// <exception cref="ArgumentException">A slot, a key or a time is invalid.</exception>
    internal static PersistentState Read(BinaryReader from)
    {
        var services = Read(from, static from => ServiceKey.Parse(from.ReadString()));
        var servers = Read(from, ReadServer);
        var key = new HashKey(from.ReadUInt64(), from.ReadUInt64());
        var groups = new ServerGroup[ReadCount(from)];
        for (var i = 0; i < groups.Length; i++)
            groups[i] = ReadGroup(from);
        return new PersistentState(new PersistedIds(services, servers), new RunningGroups(key, [.. groups]));
    }

    private static void Write<T>(BinaryWriter to, IReadOnlyDictionary<T, int> ids, Action<BinaryWriter, T> write)
    {
        to.Write(ids.Count);
        foreach (var (key, id) in ids)
        {
            write(to, key);
            to.Write(id);
        }
    }

    private static Dictionary<T, int> Read<T>(BinaryReader from, Func<BinaryReader, T> read) where T : notnull
    {
        var ids = new Dictionary<T, int>();
        for (var count = ReadCount(from); count > 0; count--)
            ids.Add(read(from), from.ReadInt32());
        return ids;
    }

    private static void Write(BinaryWriter to, GroupKey group)
    {
        to.Write(group.Pool.ToString());
        to.Write(group.Service is { } service ? $"{group.Encap} {service}" : group.Encap.ToString());
    }

    private static GroupKey ReadKey(BinaryReader from)
    {
        var pool = PoolKey.Parse(from.ReadString());
        // An encapsulation contains no space.
        var texts = from.ReadString().Split(' ', 2);
        return new GroupKey(pool, Encap.TryParse(texts[0], out var encap)
            ? encap.Value : throw new FormatException("an encapsulation does not exist"),
            texts.Length > 1 ? ServiceKey.Parse(texts[1]) : null);
    }

    private static void Write(BinaryWriter to, ServerKey server)
    {
        Write(to, server.Group);
        to.Write(server.Name);
        to.Write(server.Address.ToString());
    }

    private static ServerKey ReadServer(BinaryReader from) =>
        new(ReadKey(from), from.ReadString(), VrfAddress.Parse(from.ReadString()));

    private static void Write(BinaryWriter to, ServerGroup group)
    {
        Write(to, group.Key);
        to.Write(group.Servers.Length);
        foreach (var server in group.Servers)
        {
            to.Write(server.Name);
            to.Write(server.Address.ToString());
            to.Write(server.Weight);
            to.Write((int)server.Flows);
            to.Write(server.HasFailed);
            Write(to, server.DrainingSince);
        }
        to.Write(group.Slots.Members.Length);
        foreach (var member in group.Slots.Members)
        {
            to.Write(member.Address.ToString());
            to.Write(member.Weight);
        }
        Write(to, group.Slots.Slots);
        Write(to, group.Transition?.MigrationWindowEnds);
        Write(to, group.Transition?.PreviousServers ?? []);
    }

    private static ServerGroup ReadGroup(BinaryReader from)
    {
        var key = ReadKey(from);
        var servers = new ServerEntry[ReadCount(from)];
        for (var i = 0; i < servers.Length; i++)
        {
            servers[i] = new ServerEntry(from.ReadString(), IPAddress.Parse(from.ReadString()), from.ReadInt32(), null)
            {
                Flows = (FlowState)from.ReadInt32(),
                HasFailed = from.ReadBoolean(),
                DrainingSince = ReadTime(from),
            };
        }
        var members = new SlotMember[ReadCount(from)];
        for (var i = 0; i < members.Length; i++)
            members[i] = new SlotMember(IPAddress.Parse(from.ReadString()), from.ReadInt32());
        var slots = SlotTable.FromSlots([.. members], ReadIntegers(from));
        var ends = ReadTime(from);
        var previous = ReadIntegers(from);
        return new ServerGroup(
            key, [.. servers], slots, ends is { } windowEnds ? new Transition(previous, windowEnds) : null);
    }

    private static void Write(BinaryWriter to, DateTimeOffset? time) => to.Write(time?.UtcTicks ?? 0);

    /// <summary>A number of elements. Each takes at least a byte, so that damaged data cannot request more memory than
    /// they are long.</summary>
    private static int ReadCount(BinaryReader from)
    {
        var count = from.ReadInt32();
        if (count >= 0 && count <= from.BaseStream.Length)
            return count;
        throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{count} elements exceed the data"));
    }

    private static DateTimeOffset? ReadTime(BinaryReader from) =>
        from.ReadInt64() is not 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    private static void Write(BinaryWriter to, ImmutableArray<int> values)
    {
        to.Write(values.Length);
        to.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    private static ImmutableArray<int> ReadIntegers(BinaryReader from)
    {
        var values = new int[ReadCount(from)];
        from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }
}
