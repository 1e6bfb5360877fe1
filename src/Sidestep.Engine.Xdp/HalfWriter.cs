using System.Buffers.Binary;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Writes one whole half of the tables, the one that no packet reads.</summary>
internal sealed class HalfWriter(StateMaps maps, uint version)
{
    private const int OuterTtl = 64;
    private const int IpProtocolIpIp = 4;

    internal void Write(
        ForwardingTables tables,
        Func<ServiceEntry, int> serviceId,
        Func<ServerIdentity, int> serverId,
        IReadOnlyDictionary<GroupKey, SlotRange> slots)
    {
        var vipIds = new Dictionary<uint, ushort>();
        WriteEgress(tables);
        var vipSeed = WriteVips(tables, vipIds);
        var serviceSeed = WriteServices(tables, vipIds, serviceId, slots);
        WriteServers(tables, serverId);
        maps.Control.Settings[(int)version] = new Settings
        {
            HashHigh = tables.HashKey.High,
            HashLow = tables.HashKey.Low,
            VipSeed = vipSeed,
            ServiceSeed = serviceSeed,
        };
    }

    private void WriteEgress(ForwardingTables tables)
    {
        var target = maps.Egress(version);
        target.Clear();
        for (var i = 0; i < tables.Interfaces.Length; i++)
        {
            var from = tables.Interfaces[i];
            ref var to = ref target[i];
            from.Mac.Write(to.Mac);
            to.Mtu = (ushort)Math.Min(from.MtuBytes, ushort.MaxValue);
            to.Ifindex = (uint)from.Index;
            to.Address = Wire.Address(from.Address);
        }
    }

    private uint WriteVips(ForwardingTables tables, Dictionary<uint, ushort> ids)
    {
        var entries = new Vip[tables.Vips.Length];
        for (var i = 0; i < entries.Length; i++)
        {
            var from = tables.Vips[i];
            var address = Wire.Address(from.Address);
            ids.Add(address, (ushort)i);
            entries[i] = new Vip
            {
                Address = address,
                Id = (ushort)i,
                Flags = (ushort)(Constants.VipUsed | (from.AnswersArp ? Constants.VipAnswerArp : 0)
                    | (from.AnswersEcho ? Constants.VipAnswerEcho : 0)),
            };
        }
        return OpenAddressing.Place(entries, maps.Vips(version));
    }

    private ulong WriteServices(ForwardingTables tables, Dictionary<uint, ushort> vipIds, Func<ServiceEntry, int> serviceId,
        IReadOnlyDictionary<GroupKey, SlotRange> slots)
    {
        var entries = new Service[tables.Services.Length];
        for (var i = 0; i < entries.Length; i++)
        {
            var from = tables.Services[i];
            var range = slots[from.Group];
            entries[i] = new Service
            {
                Key = Constants.ServiceUsed | (ulong)vipIds[Wire.Address(from.Vip)] << 32 | (ulong)from.Protocol << 16
                    | BinaryPrimitives.ReverseEndianness(from.Port),
                Id = (uint)serviceId(from),
                SlotBase = (uint)range.First,
                SlotCount = (uint)range.Count,
                Flags = from.HashFields == HashFields.FiveTuple ? Constants.ServiceHashFiveTuple : (ushort)0,
                Encapsulation = Labels.Code(from.Group.Encapsulation),
            };
        }
        return OpenAddressing.Place(entries, maps.Services(version));
    }

    private void WriteServers(ForwardingTables tables, Func<ServerIdentity, int> serverId)
    {
        var target = maps.Servers(version);
        target.Clear();
        var egress = tables.Interfaces.Select(static (e, i) => (e.Index, Position: (byte)i)).ToDictionary(static e => e.Index, static e => e.Position);
        foreach (var group in tables.Groups)
        {
            foreach (var from in group.Servers)
            {
                if (from.NextHop is not { } hop)
                    continue;
                ref var to = ref target[serverId(new ServerIdentity(group.Key, from.Name, from.Address))];
                hop.Neighbour.Write(to.Mac);
                to.Egress = egress[hop.Egress.Index];
                to.Address = Wire.Address(from.Address);
                to.Checksum = OuterChecksum(hop.Egress, from);
            }
        }
    }

    /// <summary>The sum of the outer header's words that are the same for every packet, as the program adds them: 16-bit
    /// words in memory order, RFC 1071 section 2(B).</summary>
    private static uint OuterChecksum(EgressInterface egress, ServerEntry server)
    {
        Span<byte> header = stackalloc byte[20];
        header.Clear();
        header[0] = 0x45;
        header[6] = 0x40; // don't fragment
        header[8] = OuterTtl;
        header[9] = IpProtocolIpIp;
        egress.Address.TryWriteBytes(header[12..], out _);
        server.Address.TryWriteBytes(header[16..], out _);
        uint sum = 0;
        for (var i = 0; i < header.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16LittleEndian(header[i..]);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return sum;
    }
}
