using System.Buffers.Binary;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Engine.Xdp;

/// <summary>Writes one whole half of the tables, the one that no packet reads.</summary>
internal sealed class HalfWriter(TableHalf half)
{
    private const int OuterTtl = 64;
    private const int IpProtocolIpIp = 4;

    internal void Write(
        ForwardingTables tables,
        Func<ServiceEntry, int> serviceId,
        Func<ServerIdentity, int> serverId,
        IReadOnlyDictionary<GroupKey, SlotRange> slots)
    {
        WriteInterfaces(tables);
        WriteVips(tables);
        WriteServices(tables, serviceId, slots);
        WriteServers(tables, serverId);
        half.Settings = new Settings { HashHigh = tables.HashKey.High, HashLow = tables.HashKey.Low };
    }

    private void WriteInterfaces(ForwardingTables tables)
    {
        var target = half.Interfaces;
        target.Clear();
        for (var i = 0; i < tables.Interfaces.Length; i++)
        {
            tables.Interfaces[i].Mac.Write(target[i].Mac);
            target[i].Ifindex = (uint)tables.Interfaces[i].Index;
        }
    }

    private void WriteVips(ForwardingTables tables)
    {
        var entries = tables.Vips.Select(static (vip, i) => new Vip
        {
            Address = Wire.Address(vip.Address),
            Id = (ushort)i,
            Flags = (ushort)(Constants.VipUsed | (vip.AnswersArp ? Constants.VipAnswerArp : 0)
                | (vip.AnswersEcho ? Constants.VipAnswerEcho : 0)),
        });
        OpenAddressing.Place(entries.ToArray(), half.Vips);
    }

    private void WriteServices(
        ForwardingTables tables, Func<ServiceEntry, int> serviceId, IReadOnlyDictionary<GroupKey, SlotRange> slots)
    {
        var entries = tables.Services.Select(service => new Service
        {
            Key = (ulong)Wire.Address(service.Vip) << 32 | (ulong)service.Protocol << 16 | BinaryPrimitives.ReverseEndianness(service.Port),
            Id = (uint)serviceId(service),
            SlotBase = (uint)slots[service.Group].First,
            SlotCount = (uint)slots[service.Group].Count,
            Flags = service.HashFields == HashFields.FiveTuple ? Constants.ServiceHashFiveTuple : (ushort)0,
            Encapsulation = Labels.Code(service.Group.Encapsulation),
        });
        OpenAddressing.Place(entries.ToArray(), half.Services);
    }

    private void WriteServers(ForwardingTables tables, Func<ServerIdentity, int> serverId)
    {
        var target = half.Servers;
        target.Clear();
        Span<byte> macs = stackalloc byte[2 * MacAddress.Length];
        foreach (var group in tables.Groups)
        {
            foreach (var from in group.Servers)
            {
                if (from.NextHop is not { } hop)
                    continue;
                ref var to = ref target[serverId(new ServerIdentity(group.Key, from.Name, from.Address))];
                hop.Neighbour.Write(macs);
                hop.Egress.Mac.Write(macs[MacAddress.Length..]);
                to.Macs = BitConverter.ToUInt64(macs);
                to.MacsRest = BitConverter.ToUInt32(macs[sizeof(ulong)..]);
                to.Mtu = (ushort)Math.Min(hop.Egress.MtuBytes, ushort.MaxValue);
                to.Ifindex = (uint)hop.Egress.Index;
                to.Source = Wire.Address(hop.Egress.Address);
                to.Destination = Wire.Address(from.Address);
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
