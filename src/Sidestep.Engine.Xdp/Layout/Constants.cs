namespace Sidestep.Engine.Xdp.Layout;

/// <summary>The constants of src/bpf/tables.h.</summary>
internal static class Constants
{
    internal const uint LayoutVersion = 3;
    internal const int Banks = 2;
    internal const int VipEntries = 32768;
    internal const int VipBits = 15;
    internal const int VipCapacity = 16384;
    internal const int ServiceEntries = 32768;
    internal const int ServiceBits = 15;
    internal const int ProbeLimit = 64;
    internal const int Ranges = 65536;
    internal const int RangeSteps = 17;
    internal const int Profiles = 256;
    internal const int Prefixes = 262144;
    internal const int Interfaces = 16;
    internal const int Peers = 16;
    internal const int BlockSlots = 1024;
    internal const int SlotBlocks = 32768;
    internal const int InlineBlocks = 112;
    internal const int DecisionCounters = 64;
    internal const int DropCounterBase = 16;
    internal const int LabelBytes = 64;
    internal const int ServiceCapacity = 16384;
    internal const int ServerCapacity = 131072;
    internal const int InlineServers = 8192;
    internal const int FlowBucketEntries = 8;
    internal const int FragmentBuckets = 4096;
    internal const int FragmentBucketEntries = 4;
    internal const int TickShift = 26;
    internal const int FrameBytes = 9216;
    internal const int CaptureBytes = 2048;
    internal const int CaptureAddresses = 4;
    internal const int CapturePorts = 2;
    internal const int CaptureServers = 16;
    internal const int CaptureBurst = 100000000;
    internal const uint CaptureSource = 1 << 0;
    internal const uint CaptureDestination = 1 << 1;
    internal const byte CaptureIn = 1;
    internal const byte CaptureOut = 2;
    internal const ulong TableMultiplier = 0x9e3779b97f4a7c15;
    internal const ulong FoldMultiplier = 0xff51afd7ed558ccd;

    internal const ushort VipUsed = 1 << 0;
    internal const ushort VipReplyArp = 1 << 1;
    internal const ushort VipReplyEcho = 1 << 2;
    internal const ushort VipForwardEcho = 1 << 3;
    internal const ushort VipHasTcp = 1 << 4;
    internal const ushort VipHasUdp = 1 << 5;
    internal const ushort VipHasSctp = 1 << 6;
    internal const ushort VipHasAny = 1 << 7;
    internal const ushort ServiceUsed = 1 << 0;
    internal const ushort ServiceHashPort = 1 << 1;
    internal const ushort ServiceHashFive = 2 << 1;
    internal const ushort ServiceHashDest = 3 << 1;
    internal const ushort ServiceTracksFlows = 1 << 3;
    internal const ushort ServiceRoundRobin = 1 << 4;
    internal const ushort ServiceLeastConn = 1 << 5;
    internal const ushort ServicePersistence = 1 << 6;
    internal const ushort ServiceNeedsChecks = 1 << 7;
    internal const ushort ServiceRejectReset = 1 << 8;
    internal const ushort ServiceRejectUnreachable = 2 << 8;
    internal const int ServiceRejectShift = 8;
    internal const ushort ServicePerDatagram = 1 << 10;
    internal const uint RejectNone = 0;
    internal const uint RejectReset = 1;
    internal const uint RejectUnreachable = 2;
    internal const byte OversizedIcmp = 0;
    internal const byte OversizedFragment = 1;
    internal const byte OversizedDrop = 2;
    internal const byte OuterIpv6 = 1 << 2;
    internal const byte ServerUsed = 1 << 0;
    internal const byte ServerAcceptsNew = 1 << 1;
    internal const byte ServerFlowsMove = 1 << 2;
    internal const byte ServerSendRst = 1 << 3;
    internal const byte ServerLocal = 1 << 4;
    internal const uint SlotServerMask = 0x00ffffff;
    internal const uint SlotTracked = 1U << 31;
    internal const uint FlowBusy = 1;
    internal const uint FlowServerMask = 0x00ffffff;
    internal const uint FlowFin = 1U << 24;
    internal const uint FlowRst = 1U << 25;
    internal const uint FlowCounted = 1U << 26;
    internal const uint LabelUsed = 1 << 0;
    internal const uint LabelDisabled = 1 << 1;
    internal const uint LabelUnresolved = 1 << 2;
    internal const uint LabelFailed = 1 << 3;
    internal const int LabelServiceShift = 16;
}

/// <summary>Values of <c>enum encapsulation</c> of src/bpf/tables.h.</summary>
internal enum Encapsulation : byte
{
    None = 0,
    Ipip = 1,
    Gue = 2,
    Gre = 3,
}
