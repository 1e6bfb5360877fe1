using System.Net.Sockets;
using System.Text;

namespace Sidestep.Agent.Running;

/// <summary>The Unix socket on which a running agent serves the local operator. Only root may connect. Each connection
/// carries one command and its response.</summary>
internal sealed class OperatorSocket : IDisposable
{
    private const int MaxCommandBytes = 64, Backlog = 8;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly Socket _socket;
    private readonly string _path;
    private readonly Func<string, string> _handler;
    private readonly Action<string> _log;
    private readonly Thread _thread;
    private volatile bool _ended;

    /// <param name="path">The socket file. An existing one is of a killed agent: the caller has checked that no other
    /// agent runs.</param>
    /// <param name="handler">Turns a command into its response, on the thread of the socket.</param>
    /// <param name="log">Receives failed connections.</param>
    public OperatorSocket(string path, Func<string, string> handler, Action<string> log)
    {
        _path = path;
        _handler = handler;
        _log = log;
        File.Delete(path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _socket.Listen(Backlog);
        _thread = new Thread(Serve) { IsBackground = true, Name = "operator" };
        _thread.Start();
    }

    public void Dispose()
    {
        _ended = true;
        _socket.Dispose();
        _thread.Join();
        File.Delete(_path);
    }

    private void Serve()
    {
        while (!_ended)
        {
            try
            {
                using var connection = _socket.Accept();
                connection.ReceiveTimeout = connection.SendTimeout = (int)Timeout.TotalMilliseconds;
                var buffer = new byte[MaxCommandBytes];
                var length = connection.Receive(buffer);
                var command = Encoding.UTF8.GetString(buffer, 0, length).Trim();
                connection.Send(Encoding.UTF8.GetBytes(_handler(command)));
            }
#pragma warning disable CA1031 // a command that fails must not end the agent
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (_ended)
                    return;
                _log($"a connection to the operator socket failed: {e.Message}");
                // Connections that cannot be accepted, as without free file descriptors, fail again at once.
                Thread.Sleep(PauseAfterFailure);
            }
        }
    }
}
