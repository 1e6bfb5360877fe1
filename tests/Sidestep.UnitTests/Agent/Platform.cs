using System.Runtime.Versioning;

// The agent and the daemon run on Linux, and so do their tests.
[assembly: SupportedOSPlatform("linux")]
